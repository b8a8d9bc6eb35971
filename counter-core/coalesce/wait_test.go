package coalesce_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// hangs has calls take until their context ends from now on.
func (l *ledger) hangs() {
	l.interpose(func(ctx context.Context, batches []counter.Batch, _ commit) []counter.Result {
		<-ctx.Done()
		return failAll(batches, errDoubt)
	})
}

// wantPendingAfter fails unless the outcome is that the addition is pending, at so
// long after start, by the store's own time and not by the caller's.
func wantPendingAfter(t *testing.T, outcome func() (int64, error), start time.Time, wait time.Duration, atLeast int64) {
	t.Helper()
	_, err := outcome()
	wantPending(t, err, atLeast)
	if took := time.Since(start); took != wait || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v after %v; want it after %v, without a deadline", err, took, wait)
	}
}

// No caller waits longer than Wait, whatever its context; nor does one whose counter has
// had somebody wait for so long. All is counted in the end.
func TestWait(t *testing.T) {
	for name, opts := range map[string]coalesce.Options{
		"shorter than a call":      {Wait: 500 * time.Millisecond, AttemptTimeout: time.Minute},
		"about as long as a call":  {Wait: 500 * time.Millisecond, AttemptTimeout: time.Second},
		"exactly as long":          {Wait: 500 * time.Millisecond, AttemptTimeout: 500 * time.Millisecond},
		"the default":              {},
		"longer than all attempts": {Wait: 500 * time.Millisecond, AttemptTimeout: 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger()
				s := coalesce.New(l, opts)
				add(t, s, "a", 10)
				l.hangs()
				const wait = 500 * time.Millisecond
				start := time.Now()
				first := inc(endless(t), s, "a")
				time.Sleep(time.Millisecond)
				second, third := inc(t.Context(), s, "a"), inc(endless(t), s, "b")
				time.Sleep(time.Millisecond)
				fourth := inc(endless(t), s, "a") // goes with the second
				wantPendingAfter(t, first, start, wait, 13)
				wantPendingAfter(t, func() (int64, error) { return counter.Inc(endless(t), s, "a") }, start, wait, 14)
				wantPendingAfter(t, second, start, wait+time.Millisecond, 14)
				wantPendingAfter(t, fourth, start, wait+time.Millisecond, 14)
				if _, err := third(); !errors.Is(err, counter.ErrPending) || time.Since(start) != wait+time.Millisecond {
					t.Errorf("Inc: %v after %v; want that it is pending", err, time.Since(start))
				}
				l.interpose(nil)
				time.Sleep(2 * time.Minute)
				if number, err := counter.Inc(endless(t), s, "a"); number != 15 || err != nil || l.total("b") != 1 {
					t.Errorf("Inc = %d, %v, and %d for the other; want 15 and 1", number, err, l.total("b"))
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Whoever has waited for the turn of a Set that hangs is told, too, and so is whoever comes
// after.
func TestWaitForASet(t *testing.T) {
	bubbleOver(t, withHangingSet, coalesce.Options{Wait: time.Second, AttemptTimeout: time.Minute}, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		add(t, s, "a", 10)
		set := make(chan error, 1)
		go func() { set <- s.Set(endless(t), "a", 5) }()
		synctest.Wait()
		start := time.Now()
		wantPendingAfter(t, inc(endless(t), s, "a"), start, time.Second, 11)
		wantPendingAfter(t, inc(endless(t), s, "a"), start, time.Second, 12)
		if err := <-set; !errors.Is(err, counter.ErrUnknown) {
			t.Errorf("Set: %v; want ErrUnknown", err)
		}
		synctest.Wait()
		if number, err := counter.Inc(endless(t), s, "a"); number != 13 || err != nil {
			t.Errorf("Inc = %d, %v; want 13", number, err)
		}
	})
}

// A Set gives up when the additions it waits for are known to be late, or to fail,
// whatever its context.
func TestSetGivesUp(t *testing.T) {
	for name, test := range map[string]struct {
		fails bool // after a moment, rather than hang
		after time.Duration
	}{
		"late":    {false, time.Second},
		"failing": {true, 200 * time.Millisecond}, // with the second attempt
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, coalesce.Options{Wait: time.Second, AttemptTimeout: 5 * time.Second}, func(t *testing.T, s *coalesce.Store, l *ledger) {
				l.hangs()
				if test.fails {
					l.interpose(func(_ context.Context, batches []counter.Batch, _ commit) []counter.Result {
						time.Sleep(100 * time.Millisecond)
						return failAll(batches, errAway)
					})
				}
				pending := inc(t.Context(), s, "a")
				synctest.Wait()
				start := time.Now()
				if err := s.Set(endless(t), "a", 5); !errors.Is(err, counter.ErrBusy) || time.Since(start) != test.after {
					t.Errorf("Set: %v after %v; want ErrBusy after %v", err, time.Since(start), test.after)
				}
				wantErr(t, pending, counter.ErrPending)
				l.interpose(nil)
			})
		})
	}
}

// hangingGet is a store whose Get hangs until its context ends.
type hangingGet struct{ *ledger }

func (hangingGet) Get(ctx context.Context, _ string) (int64, error) { return 0, timedOut(ctx) }

// Get waits no longer than Wait either, unless its context says otherwise.
func TestWaitOfGet(t *testing.T) {
	over := func(l *ledger) counter.Backend { return hangingGet{l} }
	bubbleOver(t, over, coalesce.Options{Wait: time.Second}, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		start := time.Now()
		if _, err := s.Get(t.Context(), "a"); err == nil || errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Get: %v after %v; want an error after a second that is not the caller's deadline", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		if _, err := s.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("Get: %v after %v; want the caller's deadline", err, time.Since(start))
		}
	})
}

// A counter that is slow does not shorten, or lengthen, the wait for another.
func TestEachWaitsForItsOwn(t *testing.T) {
	bubble(t, coalesce.Options{Wait: time.Second, AttemptTimeout: 5 * time.Second}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.hangs()
		type told struct {
			name  string
			after time.Duration
		}
		all := make(chan told, 10)
		start := time.Now()
		var want []told
		for i := range 10 {
			name := string(rune('a' + i))
			go func() {
				if _, err := counter.Inc(endless(t), s, name); !errors.Is(err, counter.ErrPending) {
					t.Errorf("Inc: %v; want ErrPending", err)
				}
				all <- told{name, time.Since(start)}
			}()
			want = append(want, told{name, time.Second + time.Duration(i)*300*time.Millisecond})
			time.Sleep(300 * time.Millisecond)
		}
		var got []told
		for range 10 {
			got = append(got, <-all)
		}
		if !slices.Equal(got, want) {
			t.Errorf("told: %v; want %v", got, want)
		}
		l.interpose(nil)
	})
}

// The callers of a batch that is too large for the counter, and is split, do not wait
// longer either, whether it is split in halves or into what is kept and the callers.
func TestWaitOfParts(t *testing.T) {
	for name, kept := range map[string]bool{"halves": false, "kept": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, coalesce.Options{Wait: time.Second, AttemptTimeout: 5 * time.Second}, func(t *testing.T, s *coalesce.Store, l *ledger) {
				testWaitOfParts(t, s, l, kept)
			})
		})
	}
}

func testWaitOfParts(t *testing.T, s *coalesce.Store, l *ledger, kept bool) {
	const room = 5
	set(t, s, math.MaxInt64-room)
	gate := l.gatedFailing()
	start := time.Now()
	outcomes := queue(endless(t), s, 8)
	close(gate)
	synctest.Wait()
	if kept {
		wantKept(t, s, "a")
	}
	calls := 0
	l.interpose(func(ctx context.Context, batches []counter.Batch, commit commit) []counter.Result {
		if calls++; calls <= 2 { // the first, and then all of them, who are too many
			return commit(batches)
		}
		<-ctx.Done()
		return failAll(batches, errAway)
	})
	wantCounted(t, outcomes[0])
	for _, outcome := range outcomes[1:] {
		if _, err := outcome(); !errors.Is(err, counter.ErrPending) || time.Since(start) != time.Second {
			t.Errorf("Inc: %v after %v; want ErrPending after a second", err, time.Since(start))
		}
	}
	l.interpose(nil)
}
