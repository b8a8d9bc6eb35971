package coalesce

import (
	"crypto/rand"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// tally is what is known of one counter, and what is about to be added to it. The store's lock
// guards it.
type tally struct {
	name string

	// A batch adds to the history or does not, and what it heals does the same. Hence two
	// writers. Most counters need only one of them. The other is nil until it is needed.

	timed, untimed *writer

	// What the store has told:

	total int64 // the counter's value; means nothing unless known
	known bool  // it has told one

	// What is to be sent:

	queue     []*group // in this order; what arrives joins the last
	flight    *group   // was sent, and is not answered yet; may be nil
	scheduled bool     // is among the store's ready

	// What changes the counter otherwise:

	setters int           // calls of Set that wait; the next batch lets them pass
	held    bool          // one of them is at work
	turn    chan struct{} // wakes those that wait; nil if none does
}

// makeRoom makes the queue end with a group that can take delta now, and returns that group. grown
// is how many groups were added.
func (t *tally) makeRoom(w *writer, delta int64, now time.Time) (last *group, grown int) {
	hour := w.hourOf(now)
	if n := len(t.queue); n > 0 {
		last = t.queue[n-1]
		if last.writer == w && last.hour == hour && last.delta() <= math.MaxInt64-delta {
			return last, 0
		}
	}
	last = &group{tally: t, writer: w, hour: hour}
	t.queue = append(t.queue, last)
	return last, 1
}

// depart puts the next group in flight.
func (t *tally) depart(now time.Time) {
	f := t.queue[0]
	t.queue = slices.Delete(t.queue, 0, 1) // which keeps the memory for the next group
	delta, w := f.delta(), f.writer
	if delta == 0 { // for what it heals
		f.hour = w.hourOf(now)
	}
	if w.id == "" || delta > counter.MaxSum-w.sum {
		w.end()
		w.id = rand.Text()
	}
	f.batch = counter.Batch{Name: t.name, Writer: w.id, Delta: delta, Sum: w.sum + delta, Hour: f.hour}
	f.sentAt = now
	t.flight = f
}

// writer returns the writer of additions that are timed, or of the others.
func (t *tally) writer(timed bool) *writer {
	w := &t.untimed
	if timed {
		w = &t.timed
	}
	if *w == nil {
		*w = &writer{timed: timed}
	}
	return *w
}

// writers yields the writers there are.
func (t *tally) writers() iter.Seq[*writer] {
	return func(yield func(*writer) bool) {
		for _, w := range [...]*writer{t.timed, t.untimed} {
			if w != nil && !yield(w) {
				return
			}
		}
	}
}

// remembered reports whether the store may have a record of one of the writers.
func (t *tally) remembered(now time.Time, retention time.Duration) bool {
	for w := range t.writers() {
		if now.Sub(w.counted) <= retention {
			return true
		}
	}
	return false
}

// land takes the group out of flight.
func (t *tally) land() {
	t.flight = nil
	t.notify()
}

// kept returns the sum of the additions whose outcome is not known.
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

// waiting reports whether there is a batch to send that may be sent now.
func (t *tally) waiting() bool { return t.free() && len(t.queue) > 0 }

// idle reports whether everything in the tally was counted.
func (t *tally) idle() bool { return t.free() && len(t.queue) == 0 && !t.scheduled }

// free reports whether a batch may be sent.
func (t *tally) free() bool { return t.flight == nil && !t.held && t.setters == 0 }

// failing returns the reason why additions will not be counted soon, or nil.
func (t *tally) failing() error {
	f := t.flight
	switch {
	case f != nil && f.failures > 1: // the first is followed by another attempt at once
		// Not wrapped: the cause may be ErrUnknown, which a pending addition is not.
		return errors.New("the store is failing: " + f.cause.Error())
	case f != nil && f.told, slices.ContainsFunc(t.queue, func(g *group) bool { return g.told }): // they have expired
		return errOverdue
	default:
		return nil
	}
}

func (t *tally) atLeast() int64 { return saturatingAdd(t.total, t.kept()) }

// pending returns the error for a caller whose addition is kept.
func (t *tally) pending(cause error) error {
	return &counter.PendingError{AtLeast: t.atLeast(), Known: t.known, Err: cause}
}

// changed returns a channel that closes when it may be Set's turn, or will not be soon.
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

// difference returns a - b for an a that is not less than b.
func difference(a, b int64) int64 {
	if b < 0 && a > math.MaxInt64+b {
		return math.MaxInt64
	}
	return a - b
}
