// Package countermemory keeps counters in the memory of the process: fast,
// exact, and gone when the process ends. Several processes do not share them.
package countermemory

import (
	"context"
	"iter"
	"strings"
	"sync"
	"sync/atomic"

	counter "example.com/herokuapp/counter-core"
)

// Store is a [counter.Backend] in memory. The zero value is ready to use. It must not be copied.
//
// A counter set to zero keeps the few bytes of its name until Close. Expired records are
// removed as new writers come: a counter has at most a few, or twice as many as it had writers
// within an hour. If no new writer comes, they stay. Its history takes some 25 bytes a day, and
// 10 for each hour that has counted something. The first addition of a day drops the hours that
// have expired.
type Store struct {
	historyHours int // 0: the default
	history      bool
	closed       atomic.Bool
	// Names are few and long-lived, which is what sync.Map is made for: existing counters are
	// found without a lock.
	cells sync.Map // string -> *cell
}

var (
	_ counter.Backend   = (*Store)(nil)
	_ counter.Historian = (*Store)(nil)
	_ counter.Mover     = (*Store)(nil)
	_ counter.Adjuster  = (*Store)(nil)
)

// Options adapts a [Store]. The zero value has the defaults.
type Options struct {
	// HistoryHours is how many hours after a day its hours are kept.
	// Default: [counter.DefaultHistoryHours].
	HistoryHours int

	// History makes Add count in the hour of the call, too. It is for a store that is used
	// without a decorator that sends batches, which name their hours themselves.
	History bool
}

// New returns an empty store with the default options.
func New() *Store { return NewWith(Options{}) }

// NewWith returns an empty store.
func NewWith(opts Options) *Store {
	return &Store{historyHours: min(max(opts.HistoryHours, 0), int(counter.MaxHour)), history: opts.History}
}

// String names the backend for logs.
func (s *Store) String() string { return "memory" }

// Add implements [counter.Store].
func (s *Store) Add(ctx context.Context, name string, delta int64) (int64, error) {
	return s.add(ctx, name, delta, s.history)
}

// Adjust implements [counter.Adjuster].
func (s *Store) Adjust(ctx context.Context, name string, delta int64) (int64, error) {
	return s.add(ctx, name, delta, false)
}

func (s *Store) add(ctx context.Context, name string, delta int64, timed bool) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckDelta(delta); err != nil {
		return 0, err
	}
	c, err := s.cell(name)
	if err != nil {
		return 0, err
	}
	if timed {
		return c.addNow(name, delta, s.hoursKept())
	}
	total, ok := c.add(delta)
	if !ok {
		return 0, overflowError(name, total, delta)
	}
	return total, nil
}

// Get implements [counter.Store].
func (s *Store) Get(ctx context.Context, name string) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if c, ok := s.cells.Load(name); ok {
		return c.(*cell).value.Load(), nil
	}
	return 0, counter.CheckName(name)
}

// Set implements [counter.Store].
func (s *Store) Set(ctx context.Context, name string, value int64) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := counter.CheckName(name); err != nil {
		return err
	}
	if value == 0 {
		// Deleting the entry would lose an addition that has just looked it up.
		if c, ok := s.cells.Load(name); ok {
			c.(*cell).set(0)
		}
		return nil
	}
	c, err := s.cell(name)
	if err != nil {
		return err
	}
	c.set(value)
	return nil
}

// List implements [counter.Store].
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		if err := s.ready(ctx); err != nil {
			yield(counter.Entry{}, err)
			return
		}
		s.cells.Range(func(key, c any) bool {
			if err := s.ready(ctx); err != nil {
				yield(counter.Entry{}, err)
				return false
			}
			entry := counter.Entry{Name: key.(string), Value: c.(*cell).value.Load()}
			if entry.Value == 0 || !strings.HasPrefix(entry.Name, prefix) {
				return true
			}
			return yield(entry, nil)
		})
	}
}

// Close forgets every counter.
func (s *Store) Close() error {
	if s.closed.CompareAndSwap(false, true) {
		s.cells.Clear()
	}
	return nil
}

// ready returns why a call must not go on, if so.
func (s *Store) ready(ctx context.Context) error {
	if s.closed.Load() {
		return counter.ErrClosed
	}
	return ctx.Err()
}

// cell returns the named counter, which it makes if there is none. The name of an existing
// counter has already been checked.
func (s *Store) cell(name string) (*cell, error) {
	if c, ok := s.cells.Load(name); ok {
		return c.(*cell), nil
	}
	if err := counter.CheckName(name); err != nil {
		return nil, err
	}
	// The caller may reuse the memory behind a long string this name is a part of.
	c, _ := s.cells.LoadOrStore(strings.Clone(name), new(cell))
	return c.(*cell), nil
}
