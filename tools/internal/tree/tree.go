// Package tree reads the tree that the commands and tests of tools work on: its files in Git, and
// the modules of its workspace. It needs git and go.
package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Command returns a command that runs in the folder dir. It gets SIGTERM when the context is done.
//
// It has this process's environment without the variables that would make it work on another
// tree than the one at dir: GOWORK, and those by which Git names the repository to its hooks.
func Command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // run what the caller says
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(cmd.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{
			"GOWORK", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR",
			"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
		}, name)
	})
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// Run runs the command and returns what it prints. The error, if it fails, has the command and
// its output.
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

// ErrDirty reports that the tree differs from its last commit.
var ErrDirty = errors.New("the tree has changes that are not committed")

// Clean returns [ErrDirty], with the files, if the tree at dir has changes or new files that are
// not committed and not ignored.
func Clean(ctx context.Context, dir string) error {
	status, err := Git(ctx, dir, "status", "--porcelain")
	if err == nil && status != "" {
		err = fmt.Errorf("%w:\n%s", ErrDirty, strings.TrimRight(status, "\n"))
	}
	return err
}

// Files returns the names of the regular files below dir that Git tracks or would add, with
// forward slashes.
func Files(ctx context.Context, dir string) ([]string, error) {
	list, err := Git(ctx, dir, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	if err != nil {
		return nil, err
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		info, err := os.Lstat(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted, and Git still has it
		case err != nil:
			return nil, err
		case info.Mode().IsRegular():
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no files that Git tracks or would add", dir)
	}
	return files, nil
}

// Copy copies the files that [Files] names from one folder to another, as they are now.
func Copy(ctx context.Context, from, to string) error {
	names, err := Files(ctx, from)
	if err != nil {
		return err
	}
	for _, name := range names {
		source, target := filepath.Join(from, name), filepath.Join(to, name)
		info, err := os.Stat(source)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(target, content, info.Mode().Perm()); err != nil { //nolint:gosec // names that Git takes stay below the top
			return err
		}
	}
	return ctx.Err()
}
