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

// call is what a sender sends at once. It uses the memory again for its next call.
type call struct {
	tallies []*tally
	batches []counter.Batch
}

// scheduleLocked has the tally's next batch sent.
func (s *Store) scheduleLocked(t *tally) {
	if t.scheduled || !t.waiting() || s.attempts.Err() != nil {
		return
	}
	t.scheduled = true
	s.ready = append(s.ready, t)
	if s.sending == 0 || s.sending < maxSenders && len(s.ready) >= enoughFor {
		s.sending++
		s.senders.Go(s.sendReady)
	}
}

// sendReady sends what is new until there is nothing.
func (s *Store) sendReady() {
	var c call
	for {
		runtime.Gosched() // callers that are about to add join
		if !s.departReady(&c) {
			return
		}
		s.attempt(&c)
	}
}

// departReady puts what is ready in flight. If there is nothing, it ends the sender and
// returns false.
func (s *Store) departReady(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.tallies = c.tallies[:0]
	if s.attempts.Err() == nil {
		now := time.Now()
		taken := 0
		for ; taken < len(s.ready) && len(c.tallies) < maxBatches; taken++ {
			t := s.ready[taken]
			t.scheduled = false
			if t.waiting() { // Set may have come first
				t.depart(now)
				c.tallies = append(c.tallies, t)
			}
		}
		s.ready = slices.Delete(s.ready, 0, taken)
	}
	if len(c.tallies) == 0 {
		s.sending--
		return false
	}
	s.countCallLocked(len(c.tallies))
	return true
}

// aloneLocked returns how long a caller that has just joined the tally's queue may take
// to send it itself, which saves it the way to another goroutine and back. Zero says
// that it must not: another sends already, or its context may end before the call does,
// or before the call had its chance.
func (s *Store) aloneLocked(ctx context.Context, t *tally) time.Duration {
	if s.sending > 0 || !t.waiting() || s.attempts.Err() != nil {
		return 0
	}
	timeout := min(s.opts.Wait, s.opts.AttemptTimeout)
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	} else if ctx.Done() != nil {
		return 0
	}
	if timeout < s.opts.AttemptTimeout/4 {
		return 0
	}
	return timeout
}

// departAloneLocked puts the tally's next batch in flight, and makes the caller its sender.
func (s *Store) departAloneLocked(t *tally, now time.Time) {
	t.depart(now)
	s.sending++
	s.senders.Add(1)
	s.countCallLocked(1)
}

// sendAlone sends the batch of departAloneLocked, which has the place, and returns what became of
// it. It leaves to others what has become ready meanwhile, and to repeat what has failed.
func (s *Store) sendAlone(t *tally, p *place, timeout time.Duration) (number int64, known bool, err error) {
	result := counter.Result{Err: errNoAnswer}
	defer func() { // also if Apply or Observe panics, from which the caller may recover
		defer s.senders.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.resolveLocked(t, result)
		if number, known, err = p.look(); !known {
			p.group.doneChan() // for wait
		}
		s.sending--
		s.hurryLocked()
		s.settleLocked()
	}()
	result = s.apply([]counter.Batch{t.flight.batch}, timeout)[0]
	return // as set above
}

// hurryLocked has what is ready sent, should there be nobody to do so.
func (s *Store) hurryLocked() {
	if s.sending == 0 && len(s.ready) > 0 && s.attempts.Err() == nil {
		s.sending++
		s.senders.Go(s.sendReady)
	}
}

// sendFailed sends again what has failed, each batch when it is due, until all
// are answered.
func (s *Store) sendFailed() {
	var c call
	for {
		pause, done := s.departFailed(&c)
		switch {
		case done:
			return
		case len(c.tallies) > 0:
			s.attempt(&c)
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

// departFailed finds what is to be sent again now. If that is nothing, it returns how long
// to pause, or ends the sender.
func (s *Store) departFailed(c *call) (pause time.Duration, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.settleLocked()
	c.tallies = c.tallies[:0]
	now := time.Now()
	if s.attempts.Err() != nil || len(s.failed) == 0 && !s.outage.due {
		s.retrying = false
		return 0, true
	}
	pause = maxBackoff
	if s.outage.due {
		pause = min(pause, s.outage.dueAt.Sub(now))
		if pause <= 0 {
			s.reconcileLocked(now)
			pause = maxBackoff
		}
	}
	for t := range s.failed {
		f := t.flight
		if !f.doubt.IsZero() && now.Sub(f.doubt) >= s.inner.Retention()/2 {
			// Soon the store would not know it for a repeat any more.
			s.refuseLocked(t, fmt.Errorf("%w: given up after %s: %w", counter.ErrUnknown, now.Sub(f.doubt), f.cause))
			s.scheduleLocked(t)
			continue
		}
		wait := f.retryAt.Sub(now)
		pause = min(pause, max(wait, 0))
		if wait <= 0 && len(c.tallies) < maxBatches {
			f.sentAt = now
			c.tallies = append(c.tallies, t)
		}
	}
	if len(c.tallies) > 0 {
		s.countCallLocked(len(c.tallies))
	}
	return pause, false
}

// countCallLocked counts a call that is about to be made.
func (s *Store) countCallLocked(batches int) {
	s.stats.Calls++
	s.stats.Batches += int64(batches)
}

// attempt sends the batches in flight of the call's tallies. Until they are resolved, no
// other sender touches them.
func (s *Store) attempt(c *call) {
	c.batches = c.batches[:0]
	for _, t := range c.tallies {
		c.batches = append(c.batches, t.flight.batch)
	}
	results := s.apply(c.batches, s.opts.AttemptTimeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range c.tallies {
		s.resolveLocked(t, results[i])
	}
	s.settleLocked()
}

// apply makes one call. There is a result for each batch, whatever the backend returns.
func (s *Store) apply(batches []counter.Batch, timeout time.Duration) []counter.Result {
	ctx, cancel := context.WithTimeout(s.attempts, timeout)
	defer cancel()
	results := s.inner.Apply(ctx, batches)
	if len(results) != len(batches) {
		return slices.Repeat([]counter.Result{{Err: errNoAnswer}}, len(batches))
	}
	return results
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

// retryLocked has what has failed, or is to be reconciled, looked at.
func (s *Store) retryLocked() {
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
