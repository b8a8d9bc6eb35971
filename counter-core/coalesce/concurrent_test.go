package coalesce_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// loses has every so manieth reply get lost from now on, and a moment pass before
// each call, so that additions meet.
func (l *ledger) loses(every int64) {
	var calls atomic.Int64
	l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
		time.Sleep(time.Duration(rand.IntN(50)) * time.Microsecond)
		results := commit(batches)
		if calls.Add(1)%every == 0 {
			return failAll(batches, errDoubt)
		}
		return results
	})
}

// What web requests do at once, to few counters: all of it, and under the race detector.
func TestConcurrentUse(t *testing.T) {
	var told atomic.Int64
	l := newLedger()
	l.loses(7)
	s := coalesce.New(l, coalesce.Options{Wait: patient, Observe: func(coalesce.Event) {
		if told.Add(1) > 1 {
			t.Error("two events are observed at once")
		}
		time.Sleep(10 * time.Microsecond)
		told.Add(-1)
	}})
	// Additions with a deadline, without an end, and with a cancellation go three ways.
	contexts := []func() (context.Context, context.CancelFunc){
		func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), time.Hour) },
		func() (context.Context, context.CancelFunc) { return endless(t), func() {} },
		func() (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) },
	}
	const callers, times, names = 16, 300, 3
	var numbers sync.Map
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range times {
				name := fmt.Sprint((caller + i) % names)
				ctx, cancel := contexts[i%len(contexts)]()
				switch number, err := counter.Inc(ctx, s, name); {
				case err != nil && !errors.Is(err, counter.ErrPending): // as when the next one waits for a batch that failed twice
					t.Errorf("Inc: %v", err)
				case err == nil:
					if _, twice := numbers.LoadOrStore(name+" "+fmt.Sprint(number), true); twice {
						t.Errorf("%d of %s was given out twice", number, name)
					}
				}
				if err := s.Set(ctx, "set", int64(i)); err != nil && !errors.Is(err, counter.ErrBusy) {
					t.Errorf("Set: %v", err)
				}
				if _, err := counter.Inc(ctx, s, "set"); err != nil && !errors.Is(err, counter.ErrPending) {
					t.Errorf("Inc: %v", err)
				}
				if _, err := s.Get(ctx, name); err != nil {
					t.Errorf("Get: %v", err)
				}
				s.AtLeast(name)
				s.Stats()
				cancel()
			}
		})
	}
	wg.Wait()
	l.interpose(nil)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	var counted int64
	for i := range names {
		counted += l.total(fmt.Sprint(i))
	}
	if counted != callers*times {
		t.Errorf("%d counted; want %d", counted, callers*times)
	}
}

// The same while the store closes before all is counted: nobody waits for ever.
func TestConcurrentShutdown(t *testing.T) {
	for range 50 {
		l := newLedger()
		l.loses(3)
		s := coalesce.New(l, coalesce.Options{Wait: patient})
		var wg sync.WaitGroup
		started := make(chan struct{}, 1)
		ending, end := context.WithCancel(t.Context())
		for caller := range 8 {
			ctx := []context.Context{ending, endless(t)}[caller%2]
			wg.Go(func() {
				for {
					_, err := counter.Inc(ctx, s, fmt.Sprint(caller%3))
					s.AtLeast("0")
					s.Stats()
					if errors.Is(err, counter.ErrClosed) || ctx.Err() != nil {
						return
					}
					if err != nil && !errors.Is(err, counter.ErrPending) {
						t.Errorf("Inc: %v", err)
						return
					}
					select {
					case started <- struct{}{}:
					default:
					}
				}
			})
		}
		wg.Go(func() {
			for {
				if err := s.Set(t.Context(), "0", 0); errors.Is(err, counter.ErrClosed) {
					return
				}
			}
		})
		<-started
		l.fails(errAway)
		wg.Go(end) // callers leave while the store closes
		err := s.Shutdown(ending)
		if _, ok := errors.AsType[*coalesce.UndrainedError](err); err != nil && !ok {
			t.Errorf("Shutdown: %v", err)
		}
		wg.Wait()
	}
}
