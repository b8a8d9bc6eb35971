package coalesce_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// While the store is known to fail, callers are told at once, and what they add
// counts when it is back.
func TestKeepsThroughAnOutage(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "a", 41)
		l.fails(errAway)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := counter.Inc(ctx, s, "a")
		wantPending(t, err, 42)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 300*time.Millisecond {
			t.Errorf("%v after %s; want the deadline", err, time.Since(start))
		}
		for n := range int64(1000) {
			start := time.Now()
			_, err := counter.Inc(t.Context(), s, "a")
			wantPending(t, err, 43+n)
			if time.Since(start) != 0 {
				t.Fatalf("a caller waits for a store that is known to fail")
			}
		}
		if _, err := counter.Inc(t.Context(), s, "a"); errors.Is(err, counter.ErrUnknown) {
			t.Errorf("%v: a pending addition is not in doubt", err)
		}
		wantAtLeast(t, s, "a", 1043)
		time.Sleep(10 * time.Minute)
		if attempts := len(l.sent()); attempts < 600 || attempts > 1500 {
			t.Errorf("%d attempts in ten minutes; want one about every second", attempts)
		}
		l.interpose(nil)
		time.Sleep(time.Second)
		wantTotal(t, l, "a", 1043)
		wantInc(t, s, "a", 1044)
		e.want(t, coalesce.Failing, coalesce.Recovered)
	})
}

func wantPending(t *testing.T, err error, atLeast int64) {
	t.Helper()
	pending, ok := errors.AsType[*counter.PendingError](err)
	if !ok || !errors.Is(err, counter.ErrPending) || !pending.Known || pending.AtLeast != atLeast {
		t.Fatalf("%v; want pending, at least %d", err, atLeast)
	}
}

// Before the store has told a value, there is none to tell.
func TestPendingWithoutAValue(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.fails(errAway)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := counter.Inc(ctx, s, "a")
		if pending, ok := errors.AsType[*counter.PendingError](err); !ok || pending.Known {
			t.Errorf("%v; want pending, nothing known", err)
		}
		if _, known := s.AtLeast("a"); known {
			t.Error("AtLeast knows a value")
		}
		l.interpose(nil)
	})
}

// A lone caller, which makes the call itself, returns by its own deadline where that is
// before the end of Wait and of the call.
func TestDeadlineOfALoneCaller(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.hangs()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := counter.Inc(ctx, s, "a")
		if !errors.Is(err, counter.ErrPending) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 300*time.Millisecond {
			t.Errorf("Inc: %v after %v; want that it is pending at its deadline", err, time.Since(start))
		}
		l.interpose(nil)
	})
}

// More than an int64 may be pending at once; what is told of it stays right.
func TestPendingBeyondTheLargestNumber(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		gate := l.gated()
		var wg sync.WaitGroup
		for _, delta := range []int64{math.MaxInt64, 5} {
			wg.Go(func() {
				if _, err := s.Add(t.Context(), "a", delta); err != nil && !errors.Is(err, counter.ErrOverflow) {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		if value, _ := s.AtLeast("a"); value != math.MaxInt64 {
			t.Errorf("AtLeast = %d", value)
		}
		close(gate)
		wg.Wait()
		set(t, s, 7)
		wantAtLeast(t, s, "a", 7)
	})
}
