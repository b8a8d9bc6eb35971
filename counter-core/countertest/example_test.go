package countertest_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"strings"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
)

// The whole test of a Fixture is one line, and this the smallest backend that
// passes it.
func ExampleRun() {
	testConformance := func(t *testing.T) { countertest.Run(t, open) }
	fmt.Printf("%T\n", testConformance) // name it TestConformance, and go test runs it
	// Output: func(*testing.T)
}

func open(*testing.T) counter.Store { return &store{values: map[string]int64{}} }

// store keeps counters in a map, which is nil once it is closed.
type store struct {
	mu     sync.Mutex
	values map[string]int64
}

// do runs f unless the call must not go on.
func (s *store) do(ctx context.Context, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		return counter.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f()
}

func (s *store) Add(ctx context.Context, name string, delta int64) (total int64, err error) {
	err = s.do(ctx, func() error {
		if err := counter.CheckName(name); err != nil {
			return err
		}
		if err := counter.CheckDelta(delta); err != nil {
			return err
		}
		if s.values[name] > math.MaxInt64-delta {
			return counter.ErrOverflow
		}
		s.values[name] += delta
		total = s.values[name]
		return nil
	})
	return total, err
}

func (s *store) Get(ctx context.Context, name string) (value int64, err error) {
	err = s.do(ctx, func() error {
		value = s.values[name]
		return counter.CheckName(name)
	})
	return value, err
}

func (s *store) Set(ctx context.Context, name string, value int64) error {
	return s.do(ctx, func() error {
		if err := counter.CheckName(name); err != nil {
			return err
		}
		s.values[name] = value
		return nil
	})
}

func (s *store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		var values map[string]int64 // a copy: who gets an entry may call the store
		err := s.do(ctx, func() error { values = maps.Clone(s.values); return nil })
		if err != nil {
			yield(counter.Entry{}, err)
		}
		for name, value := range values {
			if value != 0 && strings.HasPrefix(name, prefix) && !yield(counter.Entry{Name: name, Value: value}, nil) {
				return
			}
		}
	}
}

func (s *store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = nil
	return nil
}
