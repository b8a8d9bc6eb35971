package coalesce_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/counter-core/countertest"
)

func TestConformance(t *testing.T) {
	countertest.Run(t, func(*testing.T) counter.Store { return coalesce.New(newLedger(), coalesce.Options{Wait: patient}) })
}

// patient is Options.Wait for callers that are to wait as long as it takes.
const patient = 365 * 24 * time.Hour

// bubble runs a test in a synctest bubble with a store over a new ledger. Unless opts
// says otherwise, callers are patient.
func bubble(t *testing.T, opts coalesce.Options, test func(*testing.T, *coalesce.Store, *ledger)) {
	t.Helper()
	bubbleOver(t, func(l *ledger) counter.Backend { return l }, opts, test)
}

// bubbleOver is bubble with what over makes of the ledger.
func bubbleOver(t *testing.T, over func(*ledger) counter.Backend, opts coalesce.Options, test func(*testing.T, *coalesce.Store, *ledger)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		opts.Wait = cmp.Or(opts.Wait, patient)
		s := coalesce.New(over(l), opts)
		test(t, s, l)
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// endless returns a context that never ends, as package counterhttp hands it on.
func endless(t *testing.T) context.Context {
	t.Helper()
	return context.WithoutCancel(t.Context())
}

// inc starts an addition of one, whose outcome the function it returns waits for.
func inc(ctx context.Context, s counter.Store, name string) func() (int64, error) {
	var value int64
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		value, err = counter.Inc(ctx, s, name)
	}()
	return func() (int64, error) {
		<-done
		return value, err
	}
}

// queue starts an addition of one to "a", and then others, which go together in the call
// after its own if that one hangs.
func queue(ctx context.Context, s counter.Store, others int) (outcomes []func() (int64, error)) {
	outcomes = append(outcomes, inc(ctx, s, "a"))
	synctest.Wait()
	for range others {
		outcomes = append(outcomes, inc(ctx, s, "a"))
	}
	synctest.Wait()
	return outcomes
}

// wantNumber fails unless the outcome, that of inc, is the number.
func wantNumber(t *testing.T, outcome func() (int64, error), want int64) {
	t.Helper()
	if number, err := outcome(); err != nil || number != want {
		t.Errorf("Inc = %d, %v; want %d", number, err, want)
	}
}

// wantCounted fails unless the outcome is a number, whichever.
func wantCounted(t *testing.T, outcome func() (int64, error)) {
	t.Helper()
	wantErr(t, outcome, nil)
}

func wantErr(t *testing.T, outcome func() (int64, error), want error) {
	t.Helper()
	if _, err := outcome(); !errors.Is(err, want) {
		t.Errorf("Inc: %v; want %v", err, want)
	}
}

// wantInc adds one, and fails unless that makes the number.
func wantInc(t *testing.T, s counter.Store, name string, want int64) {
	t.Helper()
	wantNumber(t, func() (int64, error) { return counter.Inc(t.Context(), s, name) }, want)
}

// wantKept adds one, and fails unless it is kept until the store is back.
func wantKept(t *testing.T, s counter.Store, name string) {
	t.Helper()
	if _, err := counter.Inc(t.Context(), s, name); !errors.Is(err, counter.ErrPending) {
		t.Fatalf("Inc: %v; want %v", err, counter.ErrPending)
	}
}

func wantTotal(t *testing.T, l *ledger, name string, want int64) {
	t.Helper()
	if got := l.total(name); got != want {
		t.Errorf("%d counted of %q; want %d", got, name, want)
	}
}

func wantAtLeast(t *testing.T, s *coalesce.Store, name string, want int64) {
	t.Helper()
	if value, known := s.AtLeast(name); value != want || !known {
		t.Errorf("AtLeast of %q = %d, %t; want %d", name, value, known, want)
	}
}

func add(t *testing.T, s counter.Store, name string, delta int64) {
	t.Helper()
	if _, err := s.Add(t.Context(), name, delta); err != nil {
		t.Fatal(err)
	}
}

// set sets "a".
func set(t *testing.T, s counter.Store, value int64) {
	t.Helper()
	if err := s.Set(t.Context(), "a", value); err != nil {
		t.Fatal(err)
	}
}

// After the store was failing, a counter that nobody adds to heals, too.
func TestReconcilesAfterAnOutage(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		for _, name := range []string{"idle", "busy"} {
			for range 10 {
				add(t, s, name, 1)
			}
		}
		time.Sleep(time.Minute)
		l.fails(errAway)
		busy := inc(t.Context(), s, "busy")
		time.Sleep(5 * time.Second)
		l.lose("idle", 3)
		l.lose("busy", 4)
		l.interpose(nil)
		wantNumber(t, busy, 11)
		time.Sleep(2 * time.Second)
		wantTotal(t, l, "idle", 10)
		wantTotal(t, l, "busy", 11)
		if healed := e.additions(coalesce.Healed); !maps.Equal(healed, map[string]int64{"idle": 3, "busy": 4}) {
			t.Errorf("healed: %v", healed)
		}
	})
}

// A counter whose record the store has lost, or let expire, heals nothing: the
// reconciliation learns what its value is now.
func TestReconcileLearnsTheValue(t *testing.T) {
	for name, now := range map[string]int64{"others have added": 150, "wiped": 0} {
		t.Run(name, func(t *testing.T) {
			bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
				add(t, s, "idle", 100)
				outage(t, s, l, func() { l.forget("idle", now) })
				wantAtLeast(t, s, "idle", now)
				wantTotal(t, l, "idle", now)
			})
		})
	}
}
