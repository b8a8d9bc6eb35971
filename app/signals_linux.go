//go:build linux && !mips && !mipsle && !mips64 && !mips64le

package main

import (
	"syscall"
	"unsafe"
)

// ignoreUncaught ignores the signals that would end the program and that os/signal can neither
// catch nor ignore: a stack fault, and those that C libraries keep for themselves.
func ignoreUncaught() {
	for _, s := range []uintptr{uintptr(syscall.SIGSTKFLT), 32, 33, 34} {
		ignore := [8]uintptr{1} // struct sigaction: SIG_IGN, without flags and mask
		//nolint:gosec,errcheck // there is no other way, and the app can do without
		syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, s, uintptr(unsafe.Pointer(&ignore)), 0, 64/8, 0, 0)
	}
}
