// Package tree is what the commands of tools know of the tree they work on: the
// files that Git has of it, and the modules of its workspace. It needs git and go.
package tree

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Command returns a command that runs in the folder dir and is asked to end, by
// SIGTERM, when the context is done.
//
// Of the environment it has all but what would let it work on another tree than
// that of dir: GOWORK, and what Git says of the repository to those it starts.
func Command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // run what the caller says
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(cmd.Environ(), elsewhere)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// elsewhere reports whether the variable, as name=value, is about one tree.
func elsewhere(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	switch name {
	case "GOWORK", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR",
		"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES":
		return true
	}
	return false
}

// Run runs the command and returns what it prints. The error of one that fails has
// the command and what it said.
func Run(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout = &stdout
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stdout.String() + "\n" + stderr.String())
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said)
	}
	return stdout.String(), nil
}

// Git runs git with the arguments in the folder dir, and returns what it prints.
func Git(ctx context.Context, dir string, args ...string) (string, error) {
	return Run(Command(ctx, dir, "git", args...))
}
