package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// dyno is a process, and what it starts, as Heroku runs it.
type dyno struct {
	cancel context.CancelFunc
	ended  chan struct{} // closed once the process was waited for
	err    error         // how it ended, once it has
	cmd    *exec.Cmd
	log    bytes.Buffer // what it printed, once it has ended
}

// startDyno starts the command in the folder dir, by bash as on a dyno: for a plain
// command it becomes that program, where another shell would stay between.
func startDyno(ctx context.Context, command, dir string, env []string) (*dyno, error) {
	ctx, cancel := context.WithCancel(ctx)
	d := &dyno{cancel: cancel, ended: make(chan struct{})}
	d.cmd = exec.CommandContext(ctx, "bash", "-c", command) //nolint:gosec // what the Procfile says is what is to be run
	d.cmd.Dir = dir
	d.cmd.Env = env
	d.cmd.Stdout = &d.log
	d.cmd.Stderr = &d.log
	inGroup(d.cmd)
	if err := d.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("starting %q: %w", command, err)
	}
	go func() {
		defer close(d.ended)
		d.err = d.cmd.Wait()
	}()
	return d, nil
}

// stop asks all processes of the dyno to end, twice as Heroku may do, and waits
// until they have. The first has to end with 0.
func (d *dyno) stop(ctx context.Context) error {
	if err := signalGroup(d.cmd, syscall.SIGTERM); err != nil {
		return fmt.Errorf("sending SIGTERM: %w", err)
	}
	if err := signalGroup(d.cmd, syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending SIGTERM again: %w", err)
	}
	select {
	case <-d.ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(stopTimeout):
		return fmt.Errorf("it still runs %v after SIGTERM", stopTimeout)
	}
	if d.err != nil {
		return fmt.Errorf("after SIGTERM: %w, want 0", d.err)
	}
	return nil
}

// kill ends all processes of the dyno at once. One that has ended is left so.
func (d *dyno) kill() {
	d.cancel()
	<-d.ended
}

// status says how the process ended. It has to have ended.
func (d *dyno) status() error {
	if d.err != nil {
		return d.err
	}
	return errExited
}

// explain ends the dyno and adds what it printed to the error.
func (d *dyno) explain(err error) error {
	d.kill()
	return withText(err, strings.TrimSpace(d.log.String()))
}
