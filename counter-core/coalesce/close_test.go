package coalesce_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// Close counts what was kept during an outage that ends in time.
func TestCloseDrains(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.fails(errDoubt)
		waiting := inc(t.Context(), s, "a")
		time.Sleep(time.Second)
		for range 9 {
			wantKept(t, s, "a")
		}
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		synctest.Wait()
		wantErr(t, inc(t.Context(), s, "a"), counter.ErrClosed)
		time.Sleep(5 * time.Second)
		l.interpose(nil)
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		wantNumber(t, waiting, 1)
		wantTotal(t, l, "a", 10)
	})
}

// What can't be drained in time is told, by counter, and so are its callers.
func TestShutdownSaysWhatRemains(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.interpose(func(_ context.Context, batches []counter.Batch, _ commit) []counter.Result {
			results := make([]counter.Result, len(batches))
			for i, b := range batches {
				results[i].Err = map[string]error{"a": errDoubt, "b": errAway}[b.Name]
			}
			return results
		})
		doubtful, away := inc(t.Context(), s, "a"), inc(t.Context(), s, "b")
		time.Sleep(time.Second)
		for range 4 {
			wantKept(t, s, "b")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		err := s.Shutdown(ctx)
		left, ok := errors.AsType[*coalesce.UndrainedError](err)
		if want := []counter.Entry{{Name: "a", Value: 1}, {Name: "b", Value: 5}}; !ok || !slices.Equal(left.Counters, want) {
			t.Errorf("Shutdown: %v; want %v", err, want)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("Shutdown took %s", took)
		}
		if _, err := doubtful(); !errors.Is(err, counter.ErrUnknown) || !errors.Is(err, counter.ErrClosed) {
			t.Errorf("Inc: %v; want ErrUnknown and ErrClosed", err)
		}
		if _, err := away(); errors.Is(err, counter.ErrUnknown) || !errors.Is(err, counter.ErrClosed) {
			t.Errorf("Inc: %v; want ErrClosed alone", err)
		}
	})
}
