//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
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

// appLog is what the log of a process tells.
type appLog struct {
	counted, pending, unknown int64 // views, as visits
	healed                    int64 // additions that the store had lost
	dropped                   int64 // additions refused, given up or left at the end
}

// start starts the process. The channel yields where it serves, once it does.
func (l *life) start(log *os.File) (<-chan string, error) {
	stderr, err := l.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	l.cmd.SysProcAttr = endWithParent()
	started, serving := make(chan error), make(chan string, 1)
	go func() {
		// To the kernel the parent is the thread that started the child: it must
		// live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(l.ended)
		defer log.Close()
		err := l.cmd.Start()
		started <- err
		if err == nil {
			l.read(stderr, log, serving)
			_ = l.cmd.Wait() // the verdict looks at ProcessState
		}
	}()
	return serving, <-started
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
		if status, ok := requestStatus(line); ok {
			l.log.request(status)
			continue
		}
		_, _ = log.Write(line) // what can't be kept is not worth the run
		var event struct {
			Msg, Address string
			Additions    int64
		}
		if json.Unmarshal(line, &event) != nil {
			continue
		}
		if event.Msg == "serving" {
			serving <- event.Address
		}
		l.log.event(event.Msg, event.Additions)
	}
}

// requestStatus returns the View-Status from the line about a request; ok is false
// for other lines.
func requestStatus(line []byte) (status string, ok bool) {
	if !bytes.Contains(line, []byte(`,"msg":"request",`)) {
		return "", false
	}
	_, rest, _ := bytes.Cut(line, []byte(`,"view_status":"`))
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(text), true
}

func (a *appLog) request(status string) {
	switch status {
	case viewCounted:
		a.counted++
	case viewPending:
		a.pending++
	case viewUnknown:
		a.unknown++
	}
}

func (a *appLog) event(msg string, additions int64) {
	switch msg {
	case "the store had lost additions, which are counted again":
		a.healed += additions
	case "the store refuses additions that were kept",
		"additions are given up: nobody can tell whether they were counted",
		"additions could not be applied":
		a.dropped += additions
	}
}
