package main

import "syscall"

// endWithParent lets the kernel kill a child whose parent was killed itself.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
