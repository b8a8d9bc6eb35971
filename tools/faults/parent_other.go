//go:build unix && !linux

package main

import "syscall"

// endWithParent does nothing where the kernel has no such service: a process of
// the app outlives a run that was killed.
func endWithParent() *syscall.SysProcAttr { return nil }
