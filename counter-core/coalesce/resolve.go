package coalesce

import (
	"errors"
	"fmt"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// resolveLocked handles the store's answer to the tally's batch.
func (s *Store) resolveLocked(t *tally, result counter.Result) {
	f, err := t.flight, ofAttempt(result.Err)
	if err == nil || isFinal(err) {
		s.answeredLocked(f)
	}
	switch {
	case err == nil:
		s.countedLocked(t, result)
	case errors.Is(err, counter.ErrOverflow) && f.doubt.IsZero() && s.splitLocked(t):
		// The additions that fit still count.
	case isFinal(err):
		s.refuseLocked(t, err)
	default:
		s.failLocked(t, err)
	}
	s.scheduleLocked(t)
}

// countedLocked ends a batch that is counted.
func (s *Store) countedLocked(t *tally, result counter.Result) {
	f := t.flight
	w := f.writer
	if !w.repeats(f.batch, result) {
		if before := result.Total - f.batch.Delta; t.known && before < t.total {
			s.events = append(s.events, Event{Kind: Fell, Name: t.name, Additions: difference(t.total, before)})
		}
		t.total, t.known = result.Total, true
	}
	w.sum, w.total, w.heardOf = f.batch.Sum, result.Total, f.sentAt
	if f.batch.Delta > 0 {
		w.counted = f.sentAt
	}
	if result.Healed > 0 {
		s.stats.Healed = saturatingAdd(s.stats.Healed, result.Healed)
		s.events = append(s.events, Event{Kind: Healed, Name: t.name, Additions: result.Healed})
	}
	s.finishLocked(t, result.Total, nil)
	if f.failures == 0 && f.sentAt.Before(s.outage.endedAt) && t.idle() {
		s.keepLocked(t, w, 0, time.Now()) // a late answer may be of additions that were lost since
	}
}

// splitLocked sends a batch that is too large for the counter in two parts, if it can be split.
func (s *Store) splitLocked(t *tally) bool {
	f := t.flight
	parts := f.halve()
	if parts == nil {
		return false
	}
	if len(parts.left.ends) > 0 {
		s.waiting.insert(f, parts.left)
		s.waiting.insert(parts.left, parts.right)
	} else {
		s.waiting.insert(f, parts.right)
	}
	s.waiting.remove(f)
	f.writer.end()
	t.queue = append([]*group{parts.left, parts.right}, t.queue...)
	s.groups++ // two for one
	delete(s.failed, t)
	t.land()
	return true
}

// failLocked makes the store send a batch again.
func (s *Store) failLocked(t *tally, err error) {
	f := t.flight
	f.failures++
	f.cause = err
	if errors.Is(err, counter.ErrUnknown) && f.doubt.IsZero() {
		f.doubt = f.sentAt
	}
	f.retryAt = time.Now().Add(backoff(f.failures))
	s.failed[t] = struct{}{}
	if f.failures > 1 {
		t.notify() // Set need not wait
		if !s.outage.announced && s.attempts.Err() == nil {
			s.outage.announced, s.outage.answered = true, false
			s.events = append(s.events, Event{Kind: Failing, Err: err})
		}
	}
	s.retryLocked()
}

// refuseLocked ends a batch that will not be sent again.
func (s *Store) refuseLocked(t *tally, err error) {
	f := t.flight
	if (!f.doubt.IsZero() || errors.Is(err, counter.ErrStale)) && !errors.Is(err, counter.ErrUnknown) {
		err = fmt.Errorf("%w: %w", counter.ErrUnknown, err) // a copy may have been counted
	}
	f.writer.end()
	event := Event{Kind: Refused, Name: t.name, Additions: f.unheard(), Err: err}
	if errors.Is(err, counter.ErrUnknown) {
		event.Kind, event.Additions = GivenUp, f.batch.Delta
	}
	if event.Additions > 0 {
		s.events = append(s.events, event)
	}
	s.finishLocked(t, 0, err)
}

// finishLocked takes the batch out of flight and tells its callers.
func (s *Store) finishLocked(t *tally, total int64, err error) {
	s.waiting.remove(t.flight)
	t.flight.finish(total, err)
	s.groups--
	delete(s.failed, t)
	t.land()
}

// settleLocked does what follows from a change: it announces the end of an outage or of a drain,
// and calls Observe with the events, in order, from one goroutine at a time. It releases the lock
// meanwhile.
func (s *Store) settleLocked() {
	if s.closed && s.outage.due {
		s.reconcileLocked(time.Now()) // there is no later
	}
	s.announceDrainedLocked()
	if s.outage.announced && s.outage.answered && len(s.failed) == 0 {
		s.outage.announced = false
		s.events = append(s.events, Event{Kind: Recovered})
	}
	if s.telling || len(s.events) == 0 {
		return
	}
	s.telling = true
	defer func() { s.telling = false }()
	for len(s.events) > 0 {
		event := s.events[0]
		s.events = s.events[1:]
		s.observeLocked(event)
	}
	s.events = nil
}

// observeLocked calls Observe, and releases the lock meanwhile.
func (s *Store) observeLocked(event Event) {
	s.mu.Unlock()
	defer s.mu.Lock() // also if Observe panics
	s.opts.Observe(event)
}

// isFinal reports whether a batch will never be counted, however often it is sent.
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
