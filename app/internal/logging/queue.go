package logging

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// Above maxDroppable waiting bytes, droppable lines are dropped; above maxPending, all
	// are.
	maxDroppable = 1 << 20
	maxPending   = 2 << 20
	// maxSpare is the largest buffer that is kept for the next batch.
	maxSpare = 256 << 10
	// pause is how long lines gather after a write. The first line after a quiet time is
	// written at once.
	pause = 2 * time.Millisecond
)

// loss counts lines that were lost.
type loss struct {
	droppable, other int // because there was no room
	unwritten        int // because a write failed
}

// queue takes lines from many goroutines and writes them in one, so that nobody waits for a
// slow or stalled output. Lines that arrive during a write go out together in the next one.
type queue struct {
	out    io.Writer
	report func(loss) []byte // returns the line that says what was lost
	wake   chan struct{}     // receives when there is something to write
	ending chan struct{}     // closed by close
	ended  chan struct{}     // closed when the writer has returned

	mu      sync.Mutex
	pending []byte
	lost    loss // since the last report
	total   loss
	closed  bool
}

func newQueue(out io.Writer, report func(loss) []byte) *queue {
	q := &queue{
		out: out, report: report,
		wake: make(chan struct{}, 1), ending: make(chan struct{}), ended: make(chan struct{}),
	}
	go q.write()
	return q
}

// add queues a line, which it copies. It does not wait for the output.
func (q *queue) add(line []byte, droppable bool) {
	q.mu.Lock()
	idle := len(q.pending) == 0
	room := len(q.pending)+len(line) <= maxPending
	switch {
	case droppable && (q.closed || len(q.pending)+len(line) > maxDroppable):
		q.lost.droppable++
		q.total.droppable++
	case q.closed || !room:
		q.lost.other++
		q.total.other++
	default:
		q.pending = append(q.pending, line...)
	}
	q.mu.Unlock()
	if idle {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}

// take returns the lines to write and the losses that they report. It uses spare as the next
// buffer, unless there is nothing to write.
func (q *queue) take(spare []byte) ([]byte, loss) {
	q.mu.Lock()
	batch, lost := q.pending, q.lost
	if len(batch) == 0 && lost == (loss{}) {
		q.mu.Unlock()
		return nil, loss{}
	}
	q.pending, q.lost = spare[:0], loss{}
	q.mu.Unlock()
	if lost != (loss{}) {
		batch = append(batch, q.report(lost)...)
	}
	return batch, lost
}

// write writes until close. A write that fails costs its lines.
func (q *queue) write() {
	defer close(q.ended)
	var spare []byte
	torn := false // the output ends in the middle of a line
	gather := time.NewTimer(pause)
	defer gather.Stop()
	for ending := false; !ending; {
		select {
		case <-q.wake:
		case <-q.ending:
			ending = true
		}
		batch, lost := q.take(spare)
		if len(batch) == 0 {
			continue
		}
		if torn {
			batch = append([]byte("\n"), batch...)
		}
		n, err := q.out.Write(batch)
		if n > 0 {
			torn = batch[n-1] != '\n'
		}
		if err != nil {
			q.unwritten(bytes.TrimPrefix(batch[n:], []byte("\n")), lost)
		}
		spare = batch
		if cap(spare) > maxSpare {
			spare = nil
		}
		gather.Reset(pause)
		select {
		case <-gather.C:
		case <-q.ending:
		}
	}
}

// unwritten counts the lines of a failed write. If there were losses before, the last line
// was their report.
func (q *queue) unwritten(lines []byte, reported loss) {
	n := bytes.Count(lines, []byte("\n"))
	if reported != (loss{}) && n > 0 {
		n--
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lost.droppable += reported.droppable
	q.lost.other += reported.other
	q.lost.unwritten += reported.unwritten + n
	q.total.unwritten += n
}

// close stops taking lines and writes what is queued, until ctx ends. It must be called once.
func (q *queue) close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	close(q.ending)
	select {
	case <-q.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write the last lines of the log: %w", ctx.Err())
	}
}
