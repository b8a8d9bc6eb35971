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

// start starts the command as a child that ends with this process, and closes the
// log, which gets what the child prints, at its end.
func start(cmd *exec.Cmd, log *os.File) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	// Not the file itself: exec then makes a pipe, and waits until every process that
	// has inherited it is gone. A redis-server forks to write snapshots and to rewrite
	// its log, and such a child, left alone, still writes while the test removes its
	// folder.
	output := struct{ io.Writer }{log}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = patience
	cmd.SysProcAttr = endWithParent()
	started := make(chan error)
	go func() {
		// To the kernel the parent is the thread that started the child: it must
		// live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.ended)
		defer log.Close()
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
