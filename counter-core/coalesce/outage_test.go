package coalesce_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// events collects what is observed.
type events struct {
	mu   sync.Mutex
	seen []coalesce.Event
}

func (e *events) observe(event coalesce.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, event)
}

func (e *events) all() []coalesce.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}

func (e *events) kinds() []coalesce.Kind {
	var kinds []coalesce.Kind
	for _, event := range e.all() {
		kinds = append(kinds, event.Kind)
	}
	return kinds
}

// failing has the store fail for the counter from now on, with err.
func (l *ledger) failing(name string, err error) {
	l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
		results := make([]counter.Result, len(batches))
		for i, b := range batches {
			if b.Name == name {
				results[i].Err = err
				continue
			}
			results[i] = commit([]counter.Batch{b})[0]
		}
		return results
	})
}

func add(t *testing.T, s counter.Store, name string, delta int64) {
	t.Helper()
	if _, err := s.Add(t.Context(), name, delta); err != nil {
		t.Fatal(err)
	}
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
		if _, err := pending(); !errors.Is(err, counter.ErrPending) {
			t.Fatalf("Inc: %v; want ErrPending", err)
		}
		close(gate)
		for _, outcome := range []func() (int64, error){first, second} {
			if _, err := outcome(); !errors.Is(err, counter.ErrType) {
				t.Errorf("Inc: %v; want ErrType", err)
			}
		}
		time.Sleep(time.Second)
		var refused int64
		for _, event := range e.all() {
			if event.Kind == coalesce.Refused && event.Name == "a" && errors.Is(event.Err, counter.ErrType) {
				refused += event.Additions
			}
		}
		if refused != 1 {
			t.Errorf("%d additions are observed as refused; want 1: %v", refused, e.all())
		}
	})
}

// What the store lost before a Set is not added to the value that was set.
func TestSetEndsWhatCouldHeal(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "a", 9)
		add(t, s, "a", 1)
		l.lose("a", 1)
		if err := s.Set(t.Context(), "a", 100); err != nil {
			t.Fatal(err)
		}
		if number, err := counter.Inc(t.Context(), s, "a"); err != nil || number != 101 {
			t.Errorf("Inc = %d, %v; want 101", number, err)
		}
	})
}

// That the store refuses what had failed shows as well that it is back.
func TestRefusalEndsAnOutage(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "idle", 9)
		add(t, s, "idle", 1)
		time.Sleep(time.Minute)
		l.failing("list", errAway)
		list := inc(t.Context(), s, "list")
		time.Sleep(5 * time.Second)
		l.lose("idle", 1)
		l.failing("list", counter.ErrType)
		if _, err := list(); !errors.Is(err, counter.ErrType) {
			t.Errorf("Inc: %v; want ErrType", err)
		}
		time.Sleep(2 * time.Second)
		if l.total("idle") != 10 {
			t.Errorf("%d counted; want 10", l.total("idle"))
		}
	})
}

// An addition the old server counted, whose answer arrives when the new one is
// there already, is reconciled, too.
func TestReconcilesWhatWasAnsweredLate(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "late", 10)
		add(t, s, "busy", 10)
		time.Sleep(time.Minute)
		var mu sync.Mutex
		away := true
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			if batches[0].Name == "late" && batches[0].Delta > 0 {
				results := commit(batches)
				time.Sleep(400 * time.Millisecond)
				return results
			}
			mu.Lock()
			defer mu.Unlock()
			if away {
				return failAll(batches, errAway)
			}
			return commit(batches)
		})
		busy := inc(t.Context(), s, "busy")
		time.Sleep(100 * time.Millisecond)
		late := inc(t.Context(), s, "late")
		synctest.Wait()
		l.lose("late", 1)
		mu.Lock()
		away = false
		mu.Unlock()
		if _, err := busy(); err != nil {
			t.Error(err)
		}
		if number, err := late(); err != nil || number != 11 {
			t.Errorf("Inc = %d, %v; want 11", number, err)
		}
		time.Sleep(5 * time.Second)
		if l.total("late") != 11 {
			t.Errorf("%d counted; want 11", l.total("late"))
		}
	})
}

// Close does not leave before idle counters are reconciled: nobody else will.
func TestCloseReconciles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		s := coalesce.New(l, coalesce.Options{})
		add(t, s, "idle", 9)
		add(t, s, "idle", 1)
		time.Sleep(time.Minute)
		l.failing("busy", errAway)
		busy := inc(t.Context(), s, "busy")
		time.Sleep(time.Second)
		l.lose("idle", 3)
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		synctest.Wait()
		l.interpose(nil)
		if _, err := busy(); err != nil {
			t.Error(err)
		}
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		if l.total("idle") != 10 {
			t.Errorf("%d counted; want 10", l.total("idle"))
		}
	})
}

// Events are told in their order, however long it takes to hear them.
func TestEventsAreInOrder(t *testing.T) {
	var e events
	observe := func(event coalesce.Event) {
		if event.Kind == coalesce.Failing {
			time.Sleep(time.Minute)
		}
		e.observe(event)
	}
	bubble(t, coalesce.Options{Observe: observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.failing("a", errAway)
		waiting := inc(t.Context(), s, "a")
		synctest.Wait()
		l.interpose(nil)
		if _, err := waiting(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		if want := []coalesce.Kind{coalesce.Failing, coalesce.Recovered}; !slices.Equal(e.kinds(), want) {
			t.Errorf("%v; want %v", e.kinds(), want)
		}
	})
}

// To give up is not to recover.
func TestGivingUpIsNoRecovery(t *testing.T) {
	var e events
	bubble(t, coalesce.Options{Observe: e.observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.failing("a", errDoubt)
		if _, err := counter.Inc(t.Context(), s, "a"); !errors.Is(err, counter.ErrUnknown) {
			t.Errorf("Inc: %v; want ErrUnknown", err)
		}
		synctest.Wait()
		if want := []coalesce.Kind{coalesce.Failing, coalesce.GivenUp}; !slices.Equal(e.kinds(), want) {
			t.Errorf("%v; want %v", e.kinds(), want)
		}
		l.interpose(nil)
		add(t, s, "b", 1)
		synctest.Wait()
		if kinds := e.kinds(); kinds[len(kinds)-1] != coalesce.Recovered {
			t.Errorf("%v; want recovered at last", kinds)
		}
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
		if err := s.Set(t.Context(), "a", 7); err != nil {
			t.Fatal(err)
		}
		if value, known := s.AtLeast("a"); value != 7 || !known {
			t.Errorf("AtLeast = %d, %t; want 7", value, known)
		}
	})
}

// hangingSet is a store whose Set hangs until its context ends.
type hangingSet struct{ *ledger }

func (hangingSet) Set(ctx context.Context, _ string, _ int64) error {
	<-ctx.Done()
	return errDoubt
}

// A Set that hangs holds up the counter for one attempt, whatever its context.
func TestHangingSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := coalesce.New(hangingSet{newLedger()}, coalesce.Options{AttemptTimeout: time.Second})
		start := time.Now()
		if err := s.Set(t.Context(), "a", 1); !errors.Is(err, counter.ErrUnknown) || time.Since(start) != time.Second {
			t.Errorf("Set: %v after %s", err, time.Since(start))
		}
		add(t, s, "a", 1)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A reply that is lost now and then is no outage: idle counters are left alone,
// and their records, which nobody renews, expire.
func TestLostReplyIsNoOutage(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "idle", 1)
		time.Sleep(time.Minute)
		calls := 0
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			results := commit(batches)
			if calls++; calls%2 == 1 {
				return failAll(batches, errDoubt)
			}
			return results
		})
		for range 100 {
			add(t, s, "busy", 1)
			time.Sleep(time.Second)
		}
		for _, call := range l.sent()[1:] {
			for _, b := range call {
				if b.Name == "idle" {
					t.Fatalf("%+v is sent for nothing", b)
				}
			}
		}
	})
}

// An outage that only the batches of a reconciliation notice is one, too.
func TestSecondOutageWhileReconciling(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		for _, name := range []string{"idle", "busy"} {
			add(t, s, name, 9)
			add(t, s, name, 1)
		}
		time.Sleep(time.Minute)
		l.fails(errAway)
		busy := inc(t.Context(), s, "busy")
		time.Sleep(5 * time.Second)
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			if batches[0].Delta > 0 {
				return commit(batches) // busy's, before the second outage
			}
			return failAll(batches, errAway)
		})
		if _, err := busy(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		l.lose("busy", 1)
		l.interpose(nil)
		time.Sleep(time.Minute)
		if l.total("busy") != 11 || l.total("idle") != 10 {
			t.Errorf("%d and %d counted; want 11 and 10", l.total("busy"), l.total("idle"))
		}
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
		if number, err := counter.Inc(t.Context(), s, "a"); err != nil || number != 2 {
			t.Errorf("Inc = %d, %v; want 2", number, err)
		}
	})
}
