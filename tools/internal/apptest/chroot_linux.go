package apptest

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// Chroot returns a command that runs a program in the file system at root, as the user and the
// group with that id. The program sees none of the machine's other files. Chroot needs no rights:
// unless the test runs as root, it becomes that user in a user namespace.
func Chroot(ctx context.Context, root string, id int, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // run what the test says
	cmd.Dir = "/"
	cmd.Env = []string{} // not the caller's
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(id), Gid: uint32(id)} //nolint:gosec // an id is not negative
		return cmd
	}
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getuid(), Size: 1}}
	cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getgid(), Size: 1}}
	return cmd
}
