//go:build !linux

package redistest

import "syscall"

// endWithParent does nothing where the kernel has no such service. There a child outlives a
// killed test binary.
func endWithParent() *syscall.SysProcAttr { return nil }
