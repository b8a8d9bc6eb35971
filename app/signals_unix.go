//go:build unix

package main

import (
	"os"
	"syscall"
)

// systemAborts are those of [aborts] that not every system has.
func systemAborts() []os.Signal { return []os.Signal{syscall.SIGSYS} }
