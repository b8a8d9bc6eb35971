package main

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// stopSignals receives the first signal that asks the program to stop. Those are all that
// can be caught and would otherwise end it before it has drained. Later signals change
// nothing. A signal that was ignored when the program started, as nohup ignores SIGHUP,
// stays ignored.
//
// SIGPIPE is not among them: it only means that a client or the reader of the log is gone.
func stopSignals() <-chan os.Signal {
	signal.Ignore(syscall.SIGPIPE)
	stop := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT} {
		if !signal.Ignored(s) {
			signal.Notify(stop, s)
		}
	}
	return stop
}

// stacks returns the stack of every goroutine after SIGQUIT or SIGABRT, as Go prints it by
// default. For other signals it returns nothing.
func stacks(s os.Signal) string {
	if s != syscall.SIGQUIT && s != syscall.SIGABRT {
		return ""
	}
	text := make([]byte, 256<<10)
	return string(text[:runtime.Stack(text, true)])
}
