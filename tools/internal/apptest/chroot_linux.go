package apptest

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// Chroot returns a command that runs a program of the file system at root, as the user and
// the group with that id, and sees nothing else of this machine's files. It needs no right: who is not root
// becomes that user in a namespace of users.
func Chroot(ctx context.Context, root string, id int, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // run what the test says
	cmd.Dir = "/"
	cmd.Env = []string{} // nothing of the caller's
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
