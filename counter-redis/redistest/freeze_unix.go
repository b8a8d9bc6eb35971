//go:build unix

package redistest

import (
	"errors"
	"fmt"
	"syscall"
)

// freeze stops the child and waits until it has stopped: a signal is only a request.
func (p *process) freeze() error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	var status syscall.WaitStatus
	_, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
	for errors.Is(err, syscall.EINTR) {
		_, err = syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
	}
	if err == nil && !status.Stopped() {
		err = fmt.Errorf("status %#x", status)
	}
	return err
}

// thaw lets a child that freeze stopped go on.
func (p *process) thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }
