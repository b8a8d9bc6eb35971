//go:build !unix

package main

import (
	"os"
	"syscall"
)

// systemAborts are those of [aborts] that not every system has.
func systemAborts() []os.Signal { return nil }

// fromLog are the signals that the program gets for what it writes, because the reader of the
// log is gone.
func fromLog() []os.Signal { return []os.Signal{syscall.SIGPIPE} }
