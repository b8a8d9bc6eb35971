package coalesce_test

import (
	"cmp"
	"context"
	"sync"
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
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		opts.Wait = cmp.Or(opts.Wait, patient)
		s := coalesce.New(l, opts)
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

// After the store was failing, a counter that nobody adds to heals, too.
func TestReconcilesAfterAnOutage(t *testing.T) {
	var mu sync.Mutex
	healed := map[string]int64{}
	opts := coalesce.Options{Observe: func(e coalesce.Event) {
		if e.Kind == coalesce.Healed {
			mu.Lock()
			defer mu.Unlock()
			healed[e.Name] += e.Additions
		}
	}}
	bubble(t, opts, func(t *testing.T, s *coalesce.Store, l *ledger) {
		for _, name := range []string{"idle", "busy"} {
			for range 10 {
				if _, err := counter.Inc(t.Context(), s, name); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(time.Minute)
		l.fails(errAway)
		busy := inc(t.Context(), s, "busy")
		time.Sleep(5 * time.Second)
		l.lose("idle", 3)
		l.lose("busy", 4)
		l.interpose(nil)
		if number, err := busy(); err != nil || number != 11 {
			t.Errorf("Inc = %d, %v; want 11", number, err)
		}
		time.Sleep(2 * time.Second)
		if l.total("idle") != 10 || l.total("busy") != 11 {
			t.Errorf("%d and %d; want 10 and 11", l.total("idle"), l.total("busy"))
		}
		mu.Lock()
		defer mu.Unlock()
		if healed["idle"] != 3 || healed["busy"] != 4 {
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
				time.Sleep(time.Minute)
				l.fails(errAway)
				busy := inc(t.Context(), s, "busy")
				time.Sleep(time.Second)
				l.forget("idle", now)
				l.interpose(nil)
				if _, err := busy(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Second)
				if value, known := s.AtLeast("idle"); value != now || !known || l.total("idle") != now {
					t.Errorf("AtLeast = %d, %t; %d counted; want %d", value, known, l.total("idle"), now)
				}
			})
		})
	}
}
