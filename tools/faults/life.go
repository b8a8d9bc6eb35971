//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
)

// life is one process of the app, from its start to its end.
type life struct {
	place   int // of the process, from 1
	number  int // among all lives, from 1
	address string
	cmd     *exec.Cmd
	signal  syscall.Signal // that was sent to end it; zero: none
	ended   chan struct{}  // closed once the process was waited for, and its log read

	visits visits
	log    appLog // complete once it has ended
}

func (l *life) String() string {
	return fmt.Sprintf("app %d (process %d of the run)", l.place, l.number)
}

// visits is what the visitors of one process were told.
type visits struct {
	counted    atomic.Int64 // with a number
	pending    atomic.Int64
	unknown    atomic.Int64 // the page says that nobody can tell
	refused    atomic.Int64 // the page says that it was not counted
	unanswered atomic.Int64 // the connection ended

	included atomic.Int64 // so many of pending are certainly counted
}

// include notes that a view was counted that was opened when so many were pending:
// a process counts in the order in which it was asked.
func (v *visits) include(pending int64) {
	for {
		included := v.included.Load()
		if pending <= included || v.included.CompareAndSwap(included, pending) {
			return
		}
	}
}

// atRisk returns how many views are pending that are not certainly counted.
func (v *visits) atRisk() int64 { return v.pending.Load() - v.included.Load() }

// start starts the process. The channel yields where it serves, once it does.
func (l *life) start(log *os.File) (<-chan string, error) {
	stderr, err := l.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	serving := make(chan string, 1)
	go func() {
		defer close(l.ended)
		defer log.Close()
		l.read(stderr, log, serving)
		_ = l.cmd.Wait() // the verdict looks at ProcessState
	}()
	return serving, nil
}

// end sends the signal and waits for the end. A process that has ended is left so.
func (l *life) end(signal syscall.Signal) {
	select {
	case <-l.ended:
		return
	default:
	}
	l.signal = signal
	_ = l.cmd.Process.Signal(signal) // it may have ended meanwhile
	<-l.ended
}

// read takes in what the process logs until it ends, and keeps what is not about
// requests.
func (l *life) read(stderr io.Reader, log io.Writer, serving chan<- string) {
	reader := bufio.NewReader(stderr)
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return
		}
		address, request := l.log.read(line)
		if address != "" {
			serving <- address
		}
		if !request {
			_, _ = log.Write(line) // what can't be kept is not worth the run
		}
	}
}
