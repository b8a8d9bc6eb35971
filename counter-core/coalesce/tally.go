package coalesce

import (
	"crypto/rand"
	"errors"
	"math"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// tally is what is known of one counter, and what is to be added to it. The store's
// lock guards it.
type tally struct {
	name string

	// The writer of the batches, as docs/reliability.md explains it:

	writer string // empty until the next batch
	sum    int64  // what it has added for certain

	// What the store has told:

	total   int64     // the counter's value; means nothing unless known
	known   bool      // it has told one
	heardOf time.Time // when the last batch was sent that was answered
	counted time.Time // the same of one that added something

	// What is to be sent:

	queue     []*group // in this order; what arrives joins the last
	flight    *group   // is sent, and not answered yet; nil: none
	scheduled bool     // is among the store's ready

	// What changes the counter otherwise:

	setters int           // calls of Set that wait; the next batch lets them pass
	held    bool          // one of them is at work
	turn    chan struct{} // wakes those that wait; nil: nobody does
}

// makeRoom sees to it that the queue ends with a group that can take delta, and
// returns it. grown is how many groups there are more.
func (t *tally) makeRoom(delta int64) (last *group, grown int) {
	if n := len(t.queue); n > 0 && t.queue[n-1].delta() <= math.MaxInt64-delta {
		return t.queue[n-1], 0
	}
	last = &group{tally: t}
	t.queue = append(t.queue, last)
	return last, 1
}

// depart puts the next group in flight.
func (t *tally) depart(now time.Time) {
	f := t.queue[0]
	t.queue[0] = nil
	t.queue = t.queue[1:]
	delta := f.delta()
	if t.writer == "" || delta > counter.MaxSum-t.sum {
		t.renew()
		t.writer = rand.Text()
	}
	f.batch = counter.Batch{Name: t.name, Writer: t.writer, Delta: delta, Sum: t.sum + delta}
	f.sentAt = now
	t.flight = f
}

// renew ends the writer: a copy of one of its batches may still be on the way,
// and must not meet another batch with the same sum.
func (t *tally) renew() { t.writer, t.sum = "", 0 }

// land takes the group out of flight.
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
func (t *tally) waiting() bool { return t.free() && len(t.queue) > 0 }

// idle tells whether the tally holds nothing but what was counted.
func (t *tally) idle() bool { return t.free() && len(t.queue) == 0 && !t.scheduled }

// free tells whether a batch may be sent.
func (t *tally) free() bool { return t.flight == nil && !t.held && t.setters == 0 }

// failing returns why additions can't be expected to be counted soon, nil if they can.
func (t *tally) failing() error {
	f, n := t.flight, len(t.queue)
	switch {
	case f != nil && f.failures > 1: // the first is followed by another attempt at once
		// Not wrapped: the cause may be ErrUnknown, which a pending addition is not.
		return errors.New("the store is failing: " + f.cause.Error())
	case f != nil && f.told, n > 0 && t.queue[n-1].told: // they have expired
		return errOverdue
	default:
		return nil
	}
}

func (t *tally) atLeast() int64 { return saturatingAdd(t.total, t.kept()) }

// pending is what a caller is told whose addition is kept.
func (t *tally) pending(cause error) error {
	return &counter.PendingError{AtLeast: t.atLeast(), Known: t.known, Err: cause}
}

// changed returns a channel that closes when Set may have its turn, or has no hope
// of one soon.
func (t *tally) changed() <-chan struct{} {
	if t.turn == nil {
		t.turn = make(chan struct{})
	}
	return t.turn
}

func (t *tally) notify() {
	if t.turn != nil {
		close(t.turn)
		t.turn = nil
	}
}

// saturatingAdd adds b, which is not negative, to a.
func saturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
