package coalesce_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// Set waits for what is in flight, and what comes later waits for Set.
func TestSetWaitsItsTurn(t *testing.T) {
	for range 100 { // it would be a matter of luck
		bubble(t, coalesce.Options{}, testSetWaitsItsTurn)
	}
}

func testSetWaitsItsTurn(t *testing.T, s *coalesce.Store, l *ledger) {
	gate := l.gated()
	first := inc(t.Context(), s, "a")
	synctest.Wait()
	set := make(chan error, 1)
	go func() { set <- s.Set(t.Context(), "a", 100) }()
	synctest.Wait()
	second := inc(t.Context(), s, "a")
	synctest.Wait()
	select {
	case err := <-set:
		t.Fatalf("Set did not wait: %v", err)
	default:
	}
	close(gate)
	wantNumber(t, first, 1)
	if err := <-set; err != nil {
		t.Errorf("Set: %v", err)
	}
	wantNumber(t, second, 101)
}

func TestSetDuringAnOutage(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.fails(errAway)
		waiting := inc(t.Context(), s, "a")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if err := s.Set(ctx, "a", 5); !errors.Is(err, counter.ErrBusy) {
			t.Errorf("Set: %v; want ErrBusy", err)
		}
		time.Sleep(time.Second)
		if err := s.Set(t.Context(), "a", 5); !errors.Is(err, counter.ErrBusy) || l.total("a") != 0 {
			t.Errorf("Set: %v; want ErrBusy, and nothing set", err)
		}
		l.interpose(nil)
		wantCounted(t, waiting)
	})
}

// What the store lost before a Set is not added to the value that was set.
func TestSetEndsWhatCouldHeal(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "a", 9)
		add(t, s, "a", 1)
		l.lose("a", 1)
		set(t, s, 100)
		wantInc(t, s, "a", 101)
	})
}

// hangingSet is a store whose Set hangs until its context ends.
type hangingSet struct{ *ledger }

func (hangingSet) Set(ctx context.Context, _ string, _ int64) error { return timedOut(ctx) }

func withHangingSet(l *ledger) counter.Backend { return hangingSet{l} }

// A Set that hangs holds up the counter for one attempt, whatever its context.
func TestHangingSet(t *testing.T) {
	bubbleOver(t, withHangingSet, coalesce.Options{AttemptTimeout: time.Second}, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		start := time.Now()
		if err := s.Set(t.Context(), "a", 1); !errors.Is(err, counter.ErrUnknown) || time.Since(start) != time.Second {
			t.Errorf("Set: %v after %s", err, time.Since(start))
		}
		add(t, s, "a", 1)
	})
}

// Set has its turn, however many add to the counter.
func TestSetIsNotStarved(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			time.Sleep(time.Millisecond)
			return commit(batches)
		})
		enough := make(chan struct{})
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for {
					select {
					case <-enough:
						return
					default:
					}
					if _, err := counter.Inc(t.Context(), s, "a"); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		time.Sleep(time.Second)
		start := time.Now()
		if err := s.Set(t.Context(), "a", 0); err != nil || time.Since(start) > 2*time.Millisecond {
			t.Errorf("Set: %v after %s; want it after what was on the way", err, time.Since(start))
		}
		close(enough)
		wg.Wait()
	})
}
