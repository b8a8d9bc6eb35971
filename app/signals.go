package main

import (
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
)

// stopSignals receives the first signal that asks the program to stop. Those are all that
// can be caught and would otherwise end it before it has drained. Later signals change
// nothing. A signal that was ignored when the program started, as nohup ignores SIGHUP,
// stays ignored.
//
// Signals of the processor, such as SIGSEGV, are among them: another process may send one. A
// fault of the program itself panics all the same.
//
// SIGPIPE is not among them: it only means that a client or the reader of the log is gone.
func stopSignals() <-chan os.Signal {
	signal.Ignore(syscall.SIGPIPE)
	ignoreUncaught()
	stop := make(chan os.Signal, 1)
	for _, s := range slices.Concat(requests(), aborts(), systemAborts()) {
		if !signal.Ignored(s) {
			signal.Notify(stop, s)
		}
	}
	return stop
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

// stacks returns the stack of every goroutine after one of [aborts] or [systemAborts], as Go
// prints it by default. For other signals it returns nothing.
func stacks(s os.Signal) string {
	if slices.Contains(requests(), s) {
		return ""
	}
	text := make([]byte, 256<<10)
	return string(text[:runtime.Stack(text, true)])
}
