package coalesce

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	counter "example.com/herokuapp/counter-core"
)

// Close is Shutdown with Options.CloseTimeout.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.CloseTimeout)
	defer cancel()
	return s.Shutdown(ctx)
}

// Shutdown refuses new additions, waits until all earlier ones have been counted, and closes the
// backend. If the context ends first, the error is an [*UndrainedError] with what remains, and
// the callers that wait get an error, too. A second call returns nil at once.
func (s *Store) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.settleLocked()
	s.mu.Unlock()

	select {
	case <-s.drained:
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.cancel() // under the lock, so that no sender starts after it
	s.mu.Unlock()
	s.senders.Wait()
	undrained := s.abandon()
	return errors.Join(undrained, s.inner.Close())
}

// announceDrainedLocked closes drained once the store is closed and has no groups.
func (s *Store) announceDrainedLocked() {
	if !s.closed || s.groups > 0 {
		return
	}
	select {
	case <-s.drained:
	default:
		close(s.drained)
	}
}

// abandon ends what could not be drained.
func (s *Store) abandon() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting.timer != nil {
		s.waiting.timer.Stop()
	}
	s.waiting = waiting{}
	var left UndrainedError
	for _, t := range s.tallies {
		if kept := t.kept(); kept > 0 {
			left.Counters = append(left.Counters, counter.Entry{Name: t.name, Value: kept})
		}
		if f := t.flight; f != nil {
			err := counter.ErrClosed
			if !f.doubt.IsZero() {
				err = fmt.Errorf("%w: %w", counter.ErrUnknown, err)
			}
			f.finish(0, err)
		}
		for _, group := range t.queue {
			group.finish(0, counter.ErrClosed)
		}
		t.notify()
	}
	if len(left.Counters) == 0 {
		return nil
	}
	slices.SortFunc(left.Counters, func(a, b counter.Entry) int { return strings.Compare(a.Name, b.Name) })
	return &left
}

// UndrainedError reports the additions that were not counted, or not certainly, when a store closed.
type UndrainedError struct {
	// Counters has the sum of those additions by the counter's name.
	Counters []counter.Entry
}

// Error implements the error interface.
func (e *UndrainedError) Error() string {
	var sum int64
	for _, entry := range e.Counters {
		sum = saturatingAdd(sum, entry.Value)
	}
	return fmt.Sprintf("coalesce: closed before %d additions to %d counters were applied", sum, len(e.Counters))
}
