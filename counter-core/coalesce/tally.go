package coalesce

import (
	"crypto/rand"
	"math"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// tally is what is known of one counter, and what is to be added to it.
type tally struct {
	name string

	// writer is empty until the next batch, sum what it has added for certain.
	writer string
	sum    int64

	total   int64     // the counter's value, as the store told it last
	known   bool      // whether it did
	heardOf time.Time // when the last batch was sent that it answered
	counted time.Time // the same of one that added something

	queue     []*group // to be sent in this order; what arrives joins the last
	flight    *flight  // nil: nothing is on the way
	scheduled bool     // is among the store's ready
	setters   int      // that wait for their turn, and come before the next batch
	held      bool     // is being set
	waiters   chan struct{}
}

// flight is a batch on the way to the store.
type flight struct {
	batch    counter.Batch
	group    *group    // nil: it reconciles
	since    time.Time // it was sent first
	sentAt   time.Time // it was sent last
	failures int
	cause    error     // of the last failure
	doubt    time.Time // since when it may have been counted; zero: it was not
	retryAt  time.Time
}

// join adds delta to what is sent next, for a caller that waits. It returns how
// many groups there are more.
func (t *tally) join(delta int64) (place, int) {
	grown := t.makeRoom(delta)
	return t.queue[len(t.queue)-1].join(delta), grown
}

// keep adds delta to what is sent next, for nobody.
func (t *tally) keep(delta int64) (grown int) {
	grown = t.makeRoom(delta)
	t.queue[len(t.queue)-1].anonymous += delta
	return grown
}

// makeRoom sees to it that the queue ends with a group that can take delta.
func (t *tally) makeRoom(delta int64) (grown int) {
	if n := len(t.queue); n > 0 && t.queue[n-1].delta() <= math.MaxInt64-delta {
		return 0
	}
	t.queue = append(t.queue, newGroup())
	return 1
}

// depart puts the next batch on the way.
func (t *tally) depart(now time.Time) {
	f := &flight{group: t.queue[0], since: now}
	t.queue = t.queue[1:]
	delta := f.group.delta()
	if t.writer == "" || delta > counter.MaxSum-t.sum {
		t.renew()
		t.writer = rand.Text()
	}
	f.batch = counter.Batch{Name: t.name, Writer: t.writer, Delta: delta, Sum: t.sum + delta}
	t.flight = f
}

// renew ends the writer: a copy of one of its batches may still be on the way,
// and must not meet another batch with the same sum.
func (t *tally) renew() { t.writer, t.sum = "", 0 }

// land takes the batch off the way.
func (t *tally) land() {
	t.flight = nil
	t.notify()
}

// kept is the additions whose outcome is not known.
func (t *tally) kept() int64 {
	var sum int64
	if t.flight != nil {
		sum = t.flight.batch.Delta
	}
	for _, group := range t.queue {
		sum = saturatingAdd(sum, group.delta())
	}
	return sum
}

// waiting tells whether there is something to send, and nothing against it.
func (t *tally) waiting() bool {
	return t.flight == nil && !t.held && t.setters == 0 && len(t.queue) > 0
}

// idle tells whether the tally holds nothing but what was counted.
func (t *tally) idle() bool {
	return t.flight == nil && !t.held && t.setters == 0 && len(t.queue) == 0 && !t.scheduled
}

func (t *tally) atLeast() int64 { return saturatingAdd(t.total, t.kept()) }

func (t *tally) pending(cause error) error {
	return &counter.PendingError{AtLeast: t.atLeast(), Known: t.known, Err: cause}
}

// changed returns a channel that closes when the flight, or a Set, is over.
func (t *tally) changed() <-chan struct{} {
	if t.waiters == nil {
		t.waiters = make(chan struct{})
	}
	return t.waiters
}

func (t *tally) notify() {
	if t.waiters != nil {
		close(t.waiters)
		t.waiters = nil
	}
}

// saturatingAdd adds b, which is not negative, to a.
func saturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
