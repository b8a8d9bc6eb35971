package main

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// stopSignals receives the first signal that asks the program to stop: each that can be
// caught and would end it before it has drained. Later ones change nothing. A signal that
// whoever started the program had it ignore, as nohup does SIGHUP, is ignored still.
//
// SIGPIPE says that a log's reader or a client is gone, which is no reason to stop.
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

// stacks returns what Go prints of a program that is sent SIGQUIT or SIGABRT: what each
// goroutine does. For other signals it is empty.
func stacks(s os.Signal) string {
	if s != syscall.SIGQUIT && s != syscall.SIGABRT {
		return ""
	}
	text := make([]byte, 256<<10)
	return string(text[:runtime.Stack(text, true)])
}
