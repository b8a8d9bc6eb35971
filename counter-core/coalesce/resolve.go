package coalesce

import (
	"errors"
	"fmt"
	"time"

	counter "example.com/herokuapp/counter-core"
)

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
	f, err := t.flight, ofAttempt(result.Err)
	if err == nil || isFinal(err) {
		s.answered(f, now)
	}
	switch {
	case err == nil:
		t.sum, t.heardOf = f.batch.Sum, f.sentAt
		if f.batch.Delta > 0 {
			t.counted = f.sentAt
		}
		if f.batch.Delta > 0 || result.Healed > 0 { // else the total may be that of long ago
			t.total, t.known = result.Total, true
		}
		if result.Healed > 0 {
			s.stats.Healed = saturatingAdd(s.stats.Healed, result.Healed)
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
	case isFinal(err):
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
	if errors.Is(err, counter.ErrUnknown) && f.doubt.IsZero() {
		f.doubt = f.sentAt
	}
	f.retryAt = now.Add(backoff(f.failures))
	s.failed[t] = struct{}{}
	if f.failures > 1 && !s.outage.announced && s.attempts.Err() == nil {
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
	if errors.Is(err, counter.ErrUnknown) {
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
	if s.closed && s.outage.due {
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
