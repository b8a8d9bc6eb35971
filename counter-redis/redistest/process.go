//go:build unix

package redistest

import (
	"os/exec"
	"runtime"
)

// process is a child that has been started.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed once the child was waited for
}

// start starts the command as a child that ends with this process.
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	cmd.SysProcAttr = endWithParent()
	started := make(chan error)
	go func() {
		// To the kernel the parent is the thread that started the child: it must
		// live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // that it was killed is no news
		}
	}()
	return p, <-started
}

// kill ends the child at once and waits for it. A child that has ended is left so.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
