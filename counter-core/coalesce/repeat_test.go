package coalesce_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// A batch whose reply was lost is repeated as it was, and counts once; the
// callers wait for it.
func TestRepeatsWhatIsInDoubt(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		lost := 0
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			results := commit(batches)
			if lost++; lost <= 5 {
				return failAll(batches, errDoubt)
			}
			return results
		})
		wantInc(t, s, "a", 1)
		calls := l.sent()
		for _, call := range calls[:6] {
			if len(call) != 1 || call[0] != calls[0][0] {
				t.Errorf("%v is not the batch sent first, %v", call, calls[0])
			}
		}
		wantInc(t, s, "a", 2)
		wantTotal(t, l, "a", 2)
	})
}

// A counter that the store refuses fails alone, and with a new writer.
func TestRefusedBatch(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.failing("list", counter.ErrType)
		bad, good := inc(t.Context(), s, "list"), inc(t.Context(), s, "a")
		if _, err := bad(); !errors.Is(err, counter.ErrType) || errors.Is(err, counter.ErrUnknown) {
			t.Errorf("Inc: %v; want ErrType", err)
		}
		wantNumber(t, good, 1)
		l.interpose(nil)
		wantInc(t, s, "list", 1)
		writers := map[string]bool{}
		for _, call := range l.sent() {
			for _, b := range call {
				if b.Name == "list" {
					writers[b.Writer] = true
				}
			}
		}
		if len(writers) != 2 {
			t.Errorf("%d writers; a copy of the refused batch could swallow the next one", len(writers))
		}
	})
}

// What nobody can tell any more is given up before the store forgets its record.
func TestGivesUpInTime(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			commit(batches)
			return failAll(batches, errDoubt)
		})
		start := time.Now()
		_, err := counter.Inc(t.Context(), s, "a")
		if took := time.Since(start); !errors.Is(err, counter.ErrUnknown) || took < 30*time.Minute || took > 31*time.Minute {
			t.Errorf("Inc: %v after %s; want ErrUnknown after half an hour", err, took)
		}
		synctest.Wait()
		e.want(t, coalesce.Failing, coalesce.GivenUp)
		if given := e.all()[1]; given.Name != "a" || given.Additions != 1 || !errors.Is(given.Err, counter.ErrUnknown) {
			t.Errorf("observed %+v", given)
		}
		l.interpose(nil)
		wantInc(t, s, "a", 2)
	})
}

// What certainly did not happen is kept for as long as it takes.
func TestNeverGivesUpWithoutDoubt(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.fails(errAway)
		first := inc(t.Context(), s, "a")
		time.Sleep(4 * time.Hour)
		l.interpose(nil)
		wantNumber(t, first, 1)
	})
}

// A counter whose calls hang holds up another one for one attempt, and no more.
func TestHangingCounterHoldsUpOthersOnce(t *testing.T) {
	opts := coalesce.Options{AttemptTimeout: time.Second}
	bubble(t, opts, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.interpose(func(ctx context.Context, batches []counter.Batch, commit commit) []counter.Result {
			results := make([]counter.Result, len(batches))
			for i, b := range batches {
				if b.Name == "hangs" {
					<-ctx.Done()
					results[i].Err = errDoubt
					continue
				}
				results[i] = commit([]counter.Batch{b})[0]
			}
			return results
		})
		hanging := inc(t.Context(), s, "hangs")
		synctest.Wait()
		start := time.Now()
		if _, err := counter.Inc(t.Context(), s, "a"); err != nil || time.Since(start) > time.Second {
			t.Errorf("%v after %s; want it within one attempt", err, time.Since(start))
		}
		for range 100 {
			start := time.Now()
			if _, err := counter.Inc(t.Context(), s, "a"); err != nil || time.Since(start) != 0 {
				t.Errorf("%v after %s; want it at once", err, time.Since(start))
			}
		}
		l.interpose(nil)
		wantNumber(t, hanging, 1)
	})
}

// A store that answers nonsense leaves everything in doubt, and nothing panics.
func TestTooFewResults(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		nonsense := 3
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			results := commit(batches)
			if nonsense--; nonsense >= 0 {
				return nil
			}
			return results
		})
		wantInc(t, s, "a", 1)
	})
}

// A caller that was told that its addition is pending hears no more: that it is
// refused after all is an event.
func TestRefusalOfWhatWasPending(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		gate := make(chan struct{})
		l.interpose(func(_ context.Context, batches []counter.Batch, _ commit) []counter.Result {
			<-gate
			return failAll(batches, counter.ErrType)
		})
		first := inc(t.Context(), s, "a")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		second, pending := inc(t.Context(), s, "a"), inc(ctx, s, "a") // go together
		wantErr(t, pending, counter.ErrPending)
		close(gate)
		for _, outcome := range []func() (int64, error){first, second} {
			wantErr(t, outcome, counter.ErrType)
		}
		time.Sleep(time.Second)
		if refused := e.additions(coalesce.Refused)["a"]; refused != 1 || !errors.Is(e.all()[0].Err, counter.ErrType) {
			t.Errorf("%d additions are observed as refused; want 1: %v", refused, e.all())
		}
	})
}

// A store that panics in a caller's hands, as net/http lets handlers do, leaves
// nothing stuck.
func TestPanicInTheStore(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.interpose(func(context.Context, []counter.Batch, commit) []counter.Result { panic("out of order") })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // with a deadline the caller makes the call
		defer cancel()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
				l.interpose(nil)
			}()
			_, _ = counter.Inc(ctx, s, "a")
		}()
		wantInc(t, s, "a", 2)
	})
}
