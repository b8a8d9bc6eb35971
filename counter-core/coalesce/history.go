package coalesce

import (
	"context"
	"errors"
	"fmt"
	"iter"

	counter "example.com/herokuapp/counter-core"
)

var (
	_ counter.Historian     = (*Store)(nil)
	_ counter.BulkHistorian = (*Store)(nil)
	_ counter.Mover         = (*Store)(nil)
)

// largeAttempt is how many times AttemptTimeout a call may take if it carries a whole history.
const largeAttempt = 10

// History implements [counter.Historian]: it yields the backend's buckets, without what is
// pending. If the backend is not a Historian, the error is [errors.ErrUnsupported].
func (s *Store) History(ctx context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	historian, err := within[counter.Historian](s, "keeps no history")
	if err != nil {
		return func(yield func(counter.Bucket, error) bool) { yield(counter.Bucket{}, err) }
	}
	return historian.History(ctx, name, from, to)
}

// Histories implements [counter.BulkHistorian], as History does. Nothing limits how long it
// takes but the context.
func (s *Store) Histories(ctx context.Context, names []string, from, to counter.Hour) ([][]counter.Bucket, []error) {
	return counter.Histories(ctx, s.inner, names, from, to)
}

// Days implements [counter.BulkHistorian], as History does.
func (s *Store) Days(ctx context.Context, names []string, from, to counter.Hour) ([][]counter.Bucket, []error) {
	return counter.Days(ctx, s.inner, names, from, to)
}

// SetHistory implements [counter.Historian]. What is pending adds to the new history. If
// the backend is not a Historian, the error is [errors.ErrUnsupported].
func (s *Store) SetHistory(ctx context.Context, name string, buckets []counter.Bucket) error {
	historian, err := within[counter.Historian](s, "keeps no history")
	if err != nil {
		return err
	}
	return s.large(ctx, func(ctx context.Context) error { return historian.SetHistory(ctx, name, buckets) })
}

// Move implements [counter.Mover]. It waits until no batch of either counter is in flight. If the
// context ends before that, or the store is known to be failing, the error is [counter.ErrBusy] and
// nothing has moved. If the backend is not a Mover, the error is [errors.ErrUnsupported].
func (s *Store) Move(ctx context.Context, from, to string) error {
	mover, err := within[counter.Mover](s, "moves no counters")
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := counter.CheckMove(from, to); err != nil {
		return err
	}
	// In the same order whichever way they move, or two Moves would wait for each other.
	first, err := s.hold(ctx, min(from, to))
	if err != nil {
		return err
	}
	defer s.release(first)
	second, err := s.hold(ctx, max(from, to))
	if err != nil {
		return err
	}
	defer s.release(second)

	err = s.large(ctx, func(ctx context.Context) error { return mover.Move(ctx, from, to) })
	s.mu.Lock()
	defer s.mu.Unlock()
	// The values may be less than they were. The writers go on: the backend keeps their
	// records, and what it has lost of their additions it has not moved.
	first.known, second.known = false, false
	return err
}

// Bring implements [counter.Mover]. If the backend is not a Mover, the error is
// [errors.ErrUnsupported].
func (s *Store) Bring(ctx context.Context, name, source string, total int64, past []counter.Bucket) (added int64, err error) {
	mover, err := within[counter.Mover](s, "brings no counts")
	if err != nil {
		return 0, err
	}
	err = s.large(ctx, func(ctx context.Context) (err error) {
		added, err = mover.Bring(ctx, name, source, total, past)
		return err
	})
	return added, err
}

// Brought implements [counter.Mover]. If the backend is not a Mover, the error is
// [errors.ErrUnsupported].
func (s *Store) Brought(ctx context.Context, name, source string) (int64, error) {
	mover, err := within[counter.Mover](s, "brings no counts")
	if err != nil {
		return 0, err
	}
	return mover.Brought(ctx, name, source)
}

// within returns the T that the backend is or wraps. If there is none, the error says what the
// backend can't do.
func within[T any](s *Store, lacks string) (T, error) {
	t, ok := counter.As[T](s.inner)
	if !ok {
		return t, fmt.Errorf("coalesce: the store %s: %w", lacks, errors.ErrUnsupported)
	}
	return t, nil
}

// large makes a call that carries a whole history. Its end by the time it has is not that
// of the caller's context.
func (s *Store) large(ctx context.Context, call func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, largeAttempt*s.opts.AttemptTimeout)
	defer cancel()
	err := call(bounded)
	if ctx.Err() == nil {
		err = ofAttempt(err)
	}
	return err
}
