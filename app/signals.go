package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
)

// stopError is the cause for which the program stops.
type stopError struct{ os.Signal }

// Error implements error.
func (s stopError) Error() string { return "told to stop: " + s.String() }

// stopSignals returns a context that ends with the first signal that asks the program to stop,
// a [stopError]. Those are all that can be caught and would otherwise end it before it has
// drained. Later signals change nothing. A signal that was ignored when the program started, as
// nohup ignores SIGHUP, stays ignored.
//
// Signals of the processor, such as SIGSEGV, are among them: another process may send one. A
// fault of the program itself panics all the same.
//
// Those that writing the log can raise are not among them: see [fromLog].
func stopSignals() context.Context {
	signal.Ignore(fromLog()...)
	ignoreUncaught()
	stop := make(chan os.Signal, 1)
	for _, s := range slices.Concat(requests(), aborts(), systemAborts()) {
		if !signal.Ignored(s) {
			signal.Notify(stop, s)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() { cancel(stopError{<-stop}) }()
	return ctx
}

// requests are the signals that ask a program to stop.
func requests() []os.Signal {
	return []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}
}

// aborts are the signals that every system has, and at which Go prints all stacks by default.
func aborts() []os.Signal {
	return []os.Signal{
		syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV,
	}
}

// stacks returns the stack of every goroutine if the program stops because of one of [aborts] or
// [systemAborts], as Go prints it by default. Otherwise it returns nothing.
func stacks(cause error) string {
	s, ok := errors.AsType[stopError](cause)
	if !ok || slices.Contains(requests(), s.Signal) {
		return ""
	}
	text := make([]byte, 256<<10)
	return string(text[:runtime.Stack(text, true)])
}
