//go:build !unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup does nothing where there are no groups of processes.
func ownGroup(*exec.Cmd) {}

// signalGroup sends the signal to the command alone.
func signalGroup(cmd *exec.Cmd, signal syscall.Signal) error { return cmd.Process.Signal(signal) }
