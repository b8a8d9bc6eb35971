package coalesce_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// timedOut is what a backend returns when the context of its call ends.
func timedOut(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("%w: %w", counter.ErrUnknown, ctx.Err())
}

// The store's own timeouts are not the caller's: neither in what the caller is
// told, nor in what is observed.
func TestTimeoutsAreNotTheCallers(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.interpose(func(ctx context.Context, batches []counter.Batch, _ commit) []counter.Result {
			return failAll(batches, timedOut(ctx))
		})
		_, err := counter.Inc(t.Context(), s, "a") // given up in the end
		if !errors.Is(err, counter.ErrUnknown) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Inc: %v; want ErrUnknown, not the deadline of a call", err)
		}
		synctest.Wait()
		for _, event := range e.all() {
			if errors.Is(event.Err, context.DeadlineExceeded) {
				t.Errorf("observed %v: %v; want it without the deadline of a call", event.Kind, event.Err)
			}
		}
		l.interpose(nil)
	})
	bubbleOver(t, withHangingSet, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		err := s.Set(t.Context(), "a", 1)
		if !errors.Is(err, counter.ErrUnknown) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Set: %v; want ErrUnknown, not the deadline of the call", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := s.Set(ctx, "a", 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Set: %v; want the caller's own deadline", err)
		}
	})
}
