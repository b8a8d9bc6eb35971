// Package countermemory keeps counters in the memory of the process: fast,
// exact, and gone when the process ends. Several processes do not share them.
package countermemory

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync"
	"sync/atomic"

	counter "example.com/herokuapp/counter-core"
)

// Store is a [counter.Store] in memory. The zero value is ready to use. It must
// not be copied. A counter set to zero keeps the few bytes of its name until Close.
type Store struct {
	closed atomic.Bool
	// Names are few and long-lived, which is what sync.Map is made for: a counter
	// that exists is found without a lock.
	values sync.Map // string -> *atomic.Int64
}

var _ counter.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store { return &Store{} }

// String names the backend for logs.
func (s *Store) String() string { return "memory" }

// Add implements [counter.Store].
func (s *Store) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckDelta(delta); err != nil {
		return 0, err
	}
	value, err := s.value(name)
	if err != nil {
		return 0, err
	}
	for {
		old := value.Load()
		if old > math.MaxInt64-delta {
			return 0, fmt.Errorf("%w: %q is %d, adding %d", counter.ErrOverflow, name, old, delta)
		}
		if value.CompareAndSwap(old, old+delta) {
			return old + delta, nil
		}
	}
}

// Get implements [counter.Store].
func (s *Store) Get(ctx context.Context, name string) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if value, ok := s.values.Load(name); ok {
		return value.(*atomic.Int64).Load(), nil
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
		if old, ok := s.values.Load(name); ok {
			old.(*atomic.Int64).Store(0)
		}
		return nil
	}
	v, err := s.value(name)
	if err != nil {
		return err
	}
	v.Store(value)
	return nil
}

// List implements [counter.Store].
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		if err := s.ready(ctx); err != nil {
			yield(counter.Entry{}, err)
			return
		}
		s.values.Range(func(key, value any) bool {
			if err := s.ready(ctx); err != nil {
				yield(counter.Entry{}, err)
				return false
			}
			entry := counter.Entry{Name: key.(string), Value: value.(*atomic.Int64).Load()}
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
		s.values.Clear()
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

// value returns the named counter, made if it is not there. A name that is
// there has been checked.
func (s *Store) value(name string) (*atomic.Int64, error) {
	if value, ok := s.values.Load(name); ok {
		return value.(*atomic.Int64), nil
	}
	if err := counter.CheckName(name); err != nil {
		return nil, err
	}
	// The caller may reuse the memory behind a long string this name is a part of.
	value, _ := s.values.LoadOrStore(strings.Clone(name), new(atomic.Int64))
	return value.(*atomic.Int64), nil
}
