package redistest

import (
	"io"
	"os"
	"os/exec"
	"runtime"
)

// process is a child that has been started.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed once the child, and what it had forked, is gone
}

// start starts the command as a child that ends with this process. What the child prints goes
// to the log, which is closed when the child ends.
func start(cmd *exec.Cmd, log *os.File) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	// Hide that the log is a file: then exec makes a pipe, and Wait returns only when every
	// process that has inherited the pipe is gone. A redis-server forks to write snapshots and
	// to rewrite its log. A forked process that is left behind would still write while the
	// test removes its folder.
	output := struct{ io.Writer }{log}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = patience
	cmd.SysProcAttr = endWithParent()
	started := make(chan error)
	go func() {
		// To the kernel, the parent is the thread that started the child, so the thread must
		// live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.ended)
		defer log.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // says that it was killed
		}
	}()
	return p, <-started
}

// kill ends the child at once and waits for it. It does nothing to a child that has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
