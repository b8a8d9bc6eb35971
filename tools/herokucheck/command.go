package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// errExited says that a process ended with 0 when it should not have.
var errExited = errors.New("exit status 0")

// output runs the command, with what it starts as a group that ends with its
// context, and returns what it prints.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout = &stdout
	cmd.Stderr = &stderr
	inGroup(cmd)
	if err := cmd.Run(); err != nil {
		words := append([]string{filepath.Base(cmd.Path)}, cmd.Args[1:]...)
		return "", withText(fmt.Errorf("%s: %w", strings.Join(words, " "), err), strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// inGroup lets the command run in a group of processes of its own, all of which
// end when its context does.
func inGroup(cmd *exec.Cmd) {
	ownGroup(cmd)
	cmd.Cancel = func() error { return signalGroup(cmd, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
}

// withText adds the last lines of what a command printed to the error.
func withText(err error, text string) error {
	const most = 20
	if text == "" {
		return err
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-most):]
	return fmt.Errorf("%w\n%s", err, strings.Join(lines, "\n"))
}
