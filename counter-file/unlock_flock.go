//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package counterfile

import (
	"os"
	"syscall"
)

// unlock gives up the lock that bbolt has on the file. Closing the file does not while it is
// mapped.
func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
