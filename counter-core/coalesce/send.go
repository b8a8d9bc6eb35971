package coalesce

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// maxBatches is how many batches go to the store in one call: enough to make
// calls few, few enough that none takes long.
const maxBatches = 1000

// One sender sends what is new, joined by another where there is enough for two:
// then the store works while replies are read. One more sends what has failed: a
// counter that makes calls hang, or fail, holds up the others once.
const (
	maxSenders = 2
	enoughFor  = 64 // batches, each more sender
)

// schedule has the tally's next batch sent. The caller holds the lock.
func (s *Store) schedule(t *tally) {
	if s.enqueue(t) {
		s.senders.Go(s.sendReady)
	}
}

// enqueue makes the tally ready, and returns true if the caller has to see to it
// that somebody sends what is ready.
func (s *Store) enqueue(t *tally) bool {
	if t.scheduled || !t.waiting() || s.attempts.Err() != nil {
		return false
	}
	t.scheduled = true
	s.ready = append(s.ready, t)
	if s.sending == 0 || s.sending < maxSenders && len(s.ready) >= enoughFor {
		s.sending++
		return true
	}
	return false
}

// inlineTimeout returns how long an attempt may take that the caller makes
// itself, which saves a lone caller the way to another goroutine and back. Zero
// says that it must not: its context has no deadline to return by, or one before
// an attempt had its chance.
func (s *Store) inlineTimeout(ctx context.Context) time.Duration {
	if s.sending > 0 {
		return 0
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		if ctx.Done() != nil {
			return 0
		}
		return s.opts.AttemptTimeout
	}
	left := time.Until(deadline)
	if left < s.opts.AttemptTimeout/4 {
		return 0
	}
	return min(left, s.opts.AttemptTimeout)
}

// sendInline sends what is ready once, and leaves what has become ready
// meanwhile to a sender of its own.
//
// The caller has added itself to senders. Should the store panic, which the
// caller may recover from, everything goes on all the same.
func (s *Store) sendInline(timeout time.Duration) {
	defer s.senders.Done()
	tallies := s.departReady()
	if len(tallies) == 0 {
		return
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.ready) > 0 && s.attempts.Err() == nil {
			s.senders.Go(s.sendReady)
		} else {
			s.sending--
		}
	}()
	s.attempt(tallies, timeout)
}

// sendReady sends what is new until there is nothing.
func (s *Store) sendReady() {
	for {
		runtime.Gosched() // who is about to add joins
		tallies := s.departReady()
		if len(tallies) == 0 {
			return
		}
		s.attempt(tallies, s.opts.AttemptTimeout)
	}
}

// departReady puts what is ready on the way, and ends the sender if that is nothing.
func (s *Store) departReady() []*tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attempts.Err() != nil {
		s.sending--
		return nil
	}
	now := time.Now()
	var tallies []*tally
	for len(s.ready) > 0 && len(tallies) < maxBatches {
		t := s.ready[0]
		s.ready = s.ready[1:]
		t.scheduled = false
		if t.waiting() { // it may be held since
			t.depart(now)
			tallies = append(tallies, t)
		}
	}
	s.countCall(tallies)
	if len(tallies) == 0 {
		s.sending--
	}
	return tallies
}

// sendFailed sends again what has failed, each batch when it is due, until all
// are answered.
func (s *Store) sendFailed() {
	for {
		tallies, pause, done := s.dueFailed()
		s.settle()
		switch {
		case done:
			return
		case len(tallies) > 0:
			s.attempt(tallies, s.opts.AttemptTimeout)
		default:
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-s.wake:
			case <-s.attempts.Done():
			}
			timer.Stop()
		}
	}
}

// dueFailed returns what is to be sent again now, or how long to wait for it. It
// ends the sender if there is nothing.
func (s *Store) dueFailed() (tallies []*tally, pause time.Duration, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.attempts.Err() != nil || len(s.failed) == 0 && !s.outage.due {
		s.retrying = false
		return nil, 0, true
	}
	pause = maxBackoff
	if s.outage.due {
		pause = min(pause, s.outage.dueAt.Sub(now))
		if pause <= 0 {
			s.reconcile(now)
			pause = maxBackoff
		}
	}
	for t := range s.failed {
		if doubt := t.flight.doubt; !doubt.IsZero() && now.Sub(doubt) >= s.inner.Retention()/2 {
			// Soon the store would not know it for a repeat any more.
			s.refuse(t, fmt.Errorf("%w: given up after %s: %w", counter.ErrUnknown, now.Sub(doubt), t.flight.cause))
			s.schedule(t)
			continue
		}
		wait := t.flight.retryAt.Sub(now)
		pause = min(pause, max(wait, 0))
		if wait <= 0 && len(tallies) < maxBatches {
			tallies = append(tallies, t)
		}
	}
	s.countCall(tallies)
	return tallies, pause, false
}

// countCall counts a call that is about to carry the tallies' batches. The caller
// holds the lock.
func (s *Store) countCall(tallies []*tally) {
	if len(tallies) > 0 {
		s.stats.Calls++
		s.stats.Batches += int64(len(tallies))
	}
}

// attempt sends the tallies' batches in one call. Until they are resolved their
// flights are the sender's alone, but for what Add reads under the lock.
func (s *Store) attempt(tallies []*tally, timeout time.Duration) {
	batches := make([]counter.Batch, len(tallies))
	now := time.Now()
	for i, t := range tallies {
		t.flight.sentAt = now
		batches[i] = t.flight.batch
	}
	ctx, cancel := context.WithTimeout(s.attempts, timeout)
	defer cancel()
	var results []counter.Result
	defer func() { // should Apply panic, too
		if len(results) != len(batches) {
			results = slices.Repeat([]counter.Result{{Err: errNoAnswer}}, len(batches))
		}
		s.resolve(tallies, results)
	}()
	results = s.inner.Apply(ctx, batches)
}

// errNoAnswer is for a store that does not answer each batch.
var errNoAnswer = fmt.Errorf("%w: no result for each batch", counter.ErrUnknown)

const (
	minBackoff = 10 * time.Millisecond
	maxBackoff = time.Second
)

// backoff returns how long to wait after so many failures: not at all after the
// first, which is most often a connection that was cut, then longer each time,
// and never in step with other processes.
func backoff(failures int) time.Duration {
	if failures < 2 {
		return 0
	}
	wait := min(minBackoff<<min(failures-2, 10), maxBackoff)
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // to be out of step takes no secret
}

func (s *Store) startRetrying() {
	if !s.retrying && s.attempts.Err() == nil {
		s.retrying = true
		s.senders.Go(s.sendFailed)
		return
	}
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}
