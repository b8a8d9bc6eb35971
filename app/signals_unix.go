//go:build unix

package main

import (
	"os"
	"syscall"
)

// systemAborts are those of [aborts] that not every system has.
func systemAborts() []os.Signal { return []os.Signal{syscall.SIGSYS} }

// fromLog are the signals that the program gets for what it writes: because the reader of the
// log is gone, or because it is in the background of a terminal that only the foreground may
// write to (stty tostop), which would stop the whole program. A client that is gone raises
// SIGPIPE, too.
func fromLog() []os.Signal { return []os.Signal{syscall.SIGPIPE, syscall.SIGTTOU} }
