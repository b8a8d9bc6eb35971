package redistest

import "syscall"

// endWithParent makes the kernel kill the child when its parent dies.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
