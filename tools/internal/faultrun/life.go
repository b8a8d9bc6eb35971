//go:build unix

package faultrun

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
	metrics string // the address of its metrics
	cmd     *exec.Cmd
	signal  syscall.Signal // that was sent to end it; zero if none was
	ended   chan struct{}  // closed once the process has ended and its log was read

	before  []int64  // by surface: what was counted without the process knowing it
	emptied bool     // what it counted was read, so it must not count more; guarded by the gate
	visits  []visits // by surface
	log     appLog   // complete once it has ended
}

func (l *life) String() string {
	return fmt.Sprintf("app %d (process %d of the run)", l.place, l.number)
}

// visits is what the visitors of one surface of a process were told.
type visits struct {
	counted    atomic.Int64 // with a number
	pending    atomic.Int64
	unknown    atomic.Int64 // the page says that nobody can tell
	refused    atomic.Int64 // the page says that it was not counted
	unanswered atomic.Int64 // the connection ended

	// How many of the pending views are certainly counted: those before a view that was
	// counted, because a process counts in the order of the requests.
	included peak
}

// told returns the numbers as they are now.
func (v *visits) told() told {
	return told{
		counted: v.counted.Load(), pending: v.pending.Load(), unknown: v.unknown.Load(),
		refused: v.refused.Load(), unanswered: v.unanswered.Load(), included: v.included.Load(),
	}
}

// told is visits at one moment.
type told struct{ counted, pending, unknown, refused, unanswered, included int64 }

func (t *told) add(other told) {
	t.counted += other.counted
	t.pending += other.pending
	t.unknown += other.unknown
	t.refused += other.refused
	t.unanswered += other.unanswered
	t.included += other.included
}

// atRisk returns how many views are pending that are not certainly counted.
func (v *visits) atRisk() int64 { return v.pending.Load() - v.included.Load() }

// atRisk returns how many views are pending on any surface that are not certainly counted.
func (l *life) atRisk() (sum int64) {
	for i := range l.visits {
		sum += l.visits[i].atRisk()
	}
	return sum
}

// start starts the process. The channel yields the addresses at which it serves: that of its
// metrics, then that of the page.
func (l *life) start(log *os.File) (<-chan string, error) {
	stderr, err := l.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	serving := make(chan string, 2)
	go func() {
		defer close(l.ended)
		defer log.Close()
		l.read(stderr, log, serving)
		_ = l.cmd.Wait() // the verdict looks at ProcessState
	}()
	return serving, nil
}

// end sends the signal and waits for the process to end. It does nothing if the process has ended.
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

// read takes in what the process logs until it ends, and keeps the lines that are not about
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
			_, _ = log.Write(line) // losing a line does not matter to the run
		}
	}
}
