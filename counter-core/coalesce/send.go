package coalesce

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// maxBatches is how many batches go to the store in one call: enough to make
// calls few, few enough that none takes long.
const maxBatches = 1000

// schedule has the tally's next batch sent. The caller holds the lock.
//
// One sender at a time sends what is new, and another one what has failed: a
// counter that makes calls hang, or fail, holds up the others once.
func (s *Store) schedule(t *tally) {
	switch {
	case s.applier != nil:
		if s.enqueue(t) {
			s.senders.Go(s.sendReady)
		}
	case t.waiting() && s.attempts.Err() == nil:
		t.depart(time.Now())
		s.senders.Go(func() { s.add(t) })
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
	first := !s.sending
	s.sending = true
	return first
}

// inlineTimeout returns how long an attempt may take that the caller makes
// itself, which saves a lone caller the way to another goroutine and back. Zero
// says that it must not: its context may end any time, or before an attempt had
// its chance.
func (s *Store) inlineTimeout(ctx context.Context) time.Duration {
	if s.applier == nil || s.sending {
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
func (s *Store) sendInline(timeout time.Duration) {
	defer s.senders.Done()
	tallies := s.departReady()
	if len(tallies) == 0 {
		return
	}
	s.attempt(tallies, timeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending = len(s.ready) > 0 && s.attempts.Err() == nil; s.sending {
		s.senders.Go(s.sendReady)
	}
}

// add sends the tally's batch to a store that can't be told twice.
func (s *Store) add(t *tally) {
	ctx, cancel := context.WithTimeout(s.attempts, s.opts.AttemptTimeout)
	defer cancel()
	total, err := s.inner.Add(ctx, t.name, t.flight.batch.Delta)
	s.resolve([]*tally{t}, []counter.Result{{Total: total, Err: err}})
}

// sendReady sends what is new until there is nothing.
func (s *Store) sendReady() {
	for {
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
		s.sending = false
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
	s.sending = len(tallies) > 0
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
	if s.attempts.Err() != nil || len(s.failed) == 0 && !s.outage.over {
		s.retrying = false
		return nil, 0, true
	}
	pause = maxBackoff
	if s.outage.over {
		pause = min(pause, s.outage.reconcileAt.Sub(now))
		if pause <= 0 {
			s.reconcile(now)
			pause = maxBackoff
		}
	}
	for t := range s.failed {
		if doubt := t.flight.doubt; !doubt.IsZero() && now.Sub(doubt) >= s.applier.Retention()/2 {
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
	return tallies, pause, false
}

// attempt sends the tallies' batches in one call.
func (s *Store) attempt(tallies []*tally, timeout time.Duration) {
	batches := make([]counter.Batch, len(tallies))
	now := time.Now()
	for i, t := range tallies {
		t.flight.sentAt = now
		batches[i] = t.flight.batch
	}
	ctx, cancel := context.WithTimeout(s.attempts, timeout)
	defer cancel()
	results := s.applier.Apply(ctx, batches)
	if len(results) != len(batches) {
		err := fmt.Errorf("%w: %d batches are answered with %d results", counter.ErrUnknown, len(batches), len(results))
		results = make([]counter.Result, len(batches))
		for i := range results {
			results[i].Err = err
		}
	}
	s.resolve(tallies, results)
}

// resolve takes in what the store has answered.
func (s *Store) resolve(tallies []*tally, results []counter.Result) {
	s.mu.Lock()
	now := time.Now()
	for i, t := range tallies {
		s.resolveOne(t, results[i], now)
		s.schedule(t)
	}
	s.mu.Unlock()
	s.settle()
}

func (s *Store) resolveOne(t *tally, result counter.Result, now time.Time) {
	f, err := t.flight, result.Err
	if err == nil || isFinal(err) {
		s.answered(f, now)
	}
	switch {
	case err == nil:
		t.sum, t.counted = f.batch.Sum, f.sentAt
		if f.batch.Delta > 0 || result.Healed > 0 { // else the total may be that of long ago
			t.total, t.known = result.Total, true
		}
		if result.Healed > 0 {
			s.events = append(s.events, Event{Kind: Healed, Name: t.name, Additions: result.Healed})
		}
		s.finish(t, result.Total, nil)
		if f.failures == 0 && f.sentAt.Before(s.outage.endedAt) && t.idle() {
			s.groups += t.keep(0) // what answered late may have been lost since
		}
	case errors.Is(err, counter.ErrOverflow) && f.doubt.IsZero() && f.group.split():
		// Those that fit count nevertheless.
		t.renew()
		t.queue = append(f.group.parts[:], t.queue...)
		s.groups++ // two for one
		delete(s.failed, t)
		t.land()
	case s.applier == nil, isFinal(err):
		s.refuse(t, err)
	default:
		s.fail(t, err, now)
	}
}

// fail has a batch sent again.
func (s *Store) fail(t *tally, err error, now time.Time) {
	f := t.flight
	f.failures++
	f.cause = err
	if errors.Is(err, counter.ErrUnknown) {
		t.copies = true
		if f.doubt.IsZero() {
			f.doubt = f.sentAt
		}
	}
	f.retryAt = now.Add(backoff(f.failures))
	s.failed[t] = struct{}{}
	if !s.outage.announced {
		s.outage.announced, s.outage.answered = true, false
		s.events = append(s.events, Event{Kind: Failing, Err: err})
	}
	s.startRetrying()
}

// refuse ends a batch that will not be sent again.
func (s *Store) refuse(t *tally, err error) {
	f := t.flight
	if (!f.doubt.IsZero() || errors.Is(err, counter.ErrStale)) && !errors.Is(err, counter.ErrUnknown) {
		err = fmt.Errorf("%w: %w", counter.ErrUnknown, err) // a copy may have been counted
	}
	t.renew()
	event := Event{Kind: Refused, Name: t.name, Additions: f.group.unheard(), Err: err}
	if s.applier != nil && errors.Is(err, counter.ErrUnknown) {
		event.Kind, event.Additions = GivenUp, f.batch.Delta
	}
	if event.Additions > 0 {
		s.events = append(s.events, event)
	}
	s.finish(t, 0, err)
}

// finish takes the batch off the way and tells its callers.
func (s *Store) finish(t *tally, total int64, err error) {
	t.flight.group.finish(total, err)
	s.groups--
	delete(s.failed, t)
	t.land()
}

// settle does what follows from a change: it announces what has come to an end,
// and has the events observed, in their order, by one goroutine at a time.
func (s *Store) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && s.outage.over {
		s.reconcile(time.Now()) // there is no later
	}
	s.announceDrained()
	if s.outage.announced && s.outage.answered && len(s.failed) == 0 {
		s.outage.announced = false
		s.events = append(s.events, Event{Kind: Recovered})
	}
	if s.telling {
		return
	}
	s.telling = true
	for len(s.events) > 0 {
		events := s.events
		s.events = nil
		s.mu.Unlock()
		for _, event := range events {
			s.opts.Observe(event)
		}
		s.mu.Lock()
	}
	s.telling = false
}

// isFinal tells whether a batch will never be counted, however often it is sent.
func isFinal(err error) bool {
	for _, final := range []error{
		counter.ErrOverflow, counter.ErrType, counter.ErrName, counter.ErrDelta,
		counter.ErrStale, counter.ErrRecord, counter.ErrClosed,
	} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

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
