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
	"example.com/herokuapp/counter-core/countertest"
)

func TestConformance(t *testing.T) {
	t.Run("over an Applier", func(t *testing.T) {
		countertest.Run(t, func(*testing.T) counter.Store { return coalesce.New(newLedger(), coalesce.Options{}) })
	})
	t.Run("over a plain store", func(t *testing.T) {
		countertest.Run(t, func(*testing.T) counter.Store { return coalesce.New(plain{newLedger()}, coalesce.Options{}) })
	})
	t.Run("over itself", func(t *testing.T) {
		countertest.Run(t, func(*testing.T) counter.Store {
			return coalesce.New(coalesce.New(newLedger(), coalesce.Options{}), coalesce.Options{})
		})
	})
}

// bubble runs a test in a synctest bubble with a store over a new ledger.
func bubble(t *testing.T, opts coalesce.Options, test func(*testing.T, *coalesce.Store, *ledger)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		s := coalesce.New(l, opts)
		test(t, s, l)
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
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

// What arrives while a call is on the way goes in the next one, in which each
// caller has a number of its own.
func TestGathers(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		gate := l.gated()
		const callers = 100
		var numbers []int64
		outcomes := []func() (int64, error){inc(t.Context(), s, "a")}
		synctest.Wait()
		for range callers {
			outcomes = append(outcomes, inc(t.Context(), s, "a"))
		}
		outcomes = append(outcomes, inc(t.Context(), s, "b"))
		synctest.Wait()
		close(gate)
		for _, outcome := range outcomes[:callers+1] {
			number, err := outcome()
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, number)
		}
		slices.Sort(numbers)
		for i, number := range numbers {
			if number != int64(i+1) {
				t.Fatalf("numbers: %v", numbers)
			}
		}
		calls := l.sent()
		if len(calls) != 2 || len(calls[1]) != 2 {
			t.Errorf("%d calls: %v; want one with 1 and one with the rest of both counters", len(calls), calls)
		}
	})
}

func TestNumbersFollowTheDeltas(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		covered := map[int64]bool{}
		for delta := range int64(30) {
			wg.Go(func() {
				number, err := s.Add(t.Context(), "a", delta+1)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for n := number - delta; n <= number; n++ {
					if covered[n] {
						t.Errorf("%d belongs to two callers", n)
					}
					covered[n] = true
				}
			})
		}
		wg.Wait()
		if want := 30 * 31 / 2; len(covered) != want || l.total("a") != int64(want) {
			t.Errorf("%d numbers, %d counted; want %d", len(covered), l.total("a"), want)
		}
	})
}

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
		if number, err := counter.Inc(t.Context(), s, "a"); err != nil || number != 1 {
			t.Fatalf("Inc = %d, %v; want 1", number, err)
		}
		calls := l.sent()
		for _, call := range calls[:6] {
			if len(call) != 1 || call[0] != calls[0][0] {
				t.Errorf("%v is not the batch sent first, %v", call, calls[0])
			}
		}
		if number, err := counter.Inc(t.Context(), s, "a"); err != nil || number != 2 || l.total("a") != 2 {
			t.Errorf("Inc = %d, %v; %d counted; want 2", number, err, l.total("a"))
		}
	})
}

// While the store is known to fail, callers are told at once, and what they add
// counts when it is back.
func TestKeepsThroughAnOutage(t *testing.T) {
	var mu sync.Mutex
	var events []coalesce.Kind
	observe := func(e coalesce.Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e.Kind)
	}
	bubble(t, coalesce.Options{Observe: observe}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		if _, err := s.Add(t.Context(), "a", 41); err != nil {
			t.Fatal(err)
		}
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
		if value, known := s.AtLeast("a"); value != 1043 || !known {
			t.Errorf("AtLeast = %d, %t; want 1043", value, known)
		}
		time.Sleep(10 * time.Minute)
		if attempts := len(l.sent()); attempts < 600 || attempts > 1500 {
			t.Errorf("%d attempts in ten minutes; want one about every second", attempts)
		}
		l.interpose(nil)
		time.Sleep(time.Second)
		if l.total("a") != 1043 {
			t.Errorf("%d counted; want 1043", l.total("a"))
		}
		if number, err := counter.Inc(t.Context(), s, "a"); err != nil || number != 1044 {
			t.Errorf("Inc = %d, %v; want 1044", number, err)
		}
	})
	if want := []coalesce.Kind{coalesce.Failing, coalesce.Recovered}; !slices.Equal(events, want) {
		t.Errorf("events: %v; want %v", events, want)
	}
}

func wantPending(t *testing.T, err error, atLeast int64) {
	t.Helper()
	pending, ok := errors.AsType[*counter.PendingError](err)
	if !ok || !errors.Is(err, counter.ErrPending) || !pending.Known || pending.AtLeast != atLeast {
		t.Fatalf("%v; want pending, at least %d", err, atLeast)
	}
}

// A caller that goes with what was kept has a number above it.
func TestNumbersFollowWhatWasKept(t *testing.T) {
	bubble(t, coalesce.Options{Overdue: time.Second, AttemptTimeout: time.Minute}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		gate := l.gated()
		first := inc(t.Context(), s, "a")
		synctest.Wait()
		with := inc(t.Context(), s, "a") // goes with those that are kept when it is overdue
		time.Sleep(2 * time.Second)
		for range 5 {
			if _, err := counter.Inc(t.Context(), s, "a"); !errors.Is(err, counter.ErrPending) {
				t.Fatalf("Inc: %v; want ErrPending", err)
			}
		}
		close(gate)
		for want, outcome := range map[int64]func() (int64, error){1: first, 7: with} {
			if number, err := outcome(); err != nil || number != want {
				t.Errorf("Inc = %d, %v; want %d", number, err, want)
			}
		}
	})
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

// A call that hangs is overdue after a while: later callers do not wait for it.
func TestOverdue(t *testing.T) {
	opts := coalesce.Options{AttemptTimeout: time.Minute, Overdue: time.Second}
	bubble(t, opts, func(t *testing.T, s *coalesce.Store, l *ledger) {
		if _, err := counter.Inc(t.Context(), s, "a"); err != nil {
			t.Fatal(err)
		}
		l.interpose(func(ctx context.Context, batches []counter.Batch, _ commit) []counter.Result {
			<-ctx.Done()
			return failAll(batches, errDoubt)
		})
		first := inc(t.Context(), s, "a")
		time.Sleep(time.Second)
		second := inc(t.Context(), s, "a") // not overdue yet
		synctest.Wait()
		time.Sleep(time.Nanosecond)
		_, err := counter.Inc(t.Context(), s, "a")
		wantPending(t, err, 4)
		l.interpose(nil)
		for want, outcome := range map[int64]func() (int64, error){2: first, 4: second} {
			if number, err := outcome(); err != nil || number != want {
				t.Errorf("Inc = %d, %v; want %d", number, err, want)
			}
		}
	})
}

// A counter that the store refuses fails alone, and with a new writer.
func TestRefusedBatch(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		refusing := true
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			results := make([]counter.Result, len(batches))
			for i, b := range batches {
				if refusing && b.Name == "list" {
					results[i].Err = counter.ErrType
					continue
				}
				results[i] = commit([]counter.Batch{b})[0]
			}
			return results
		})
		bad, good := inc(t.Context(), s, "list"), inc(t.Context(), s, "a")
		if _, err := bad(); !errors.Is(err, counter.ErrType) || errors.Is(err, counter.ErrUnknown) {
			t.Errorf("Inc: %v; want ErrType", err)
		}
		if number, err := good(); err != nil || number != 1 {
			t.Errorf("Inc = %d, %v; want 1", number, err)
		}
		refusing = false
		if number, err := counter.Inc(t.Context(), s, "list"); err != nil || number != 1 {
			t.Errorf("Inc = %d, %v; want 1", number, err)
		}
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

// Of the callers that pass the largest int64 together, those that fit count.
func TestOverflowOfSome(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		const room = 7
		if err := s.Set(t.Context(), "a", math.MaxInt64-room); err != nil {
			t.Fatal(err)
		}
		gate := l.gated()
		outcomes := []func() (int64, error){inc(t.Context(), s, "a")}
		synctest.Wait()
		for range 20 {
			outcomes = append(outcomes, inc(t.Context(), s, "a"))
		}
		synctest.Wait()
		close(gate)
		numbers := map[int64]bool{}
		for _, outcome := range outcomes {
			number, err := outcome()
			switch {
			case err == nil && numbers[number]:
				t.Errorf("%d was returned twice", number)
			case err == nil:
				numbers[number] = true
			case !errors.Is(err, counter.ErrOverflow):
				t.Errorf("Inc: %v", err)
			}
		}
		if len(numbers) != room || l.total("a") != math.MaxInt64 {
			t.Errorf("%d of %d that fit were counted; the total is %d", len(numbers), room, l.total("a"))
		}
	})
}

// Sums end before a store could confuse them; larger additions go alone.
func TestSumsStayBelowTheLimit(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		for _, delta := range []int64{counter.MaxSum - 1, 1, 1, counter.MaxSum, counter.MaxSum + 1, 5, 1 << 60} {
			if _, err := s.Add(t.Context(), "a", delta); err != nil {
				t.Fatal(err)
			}
		}
		if want := int64(3*counter.MaxSum + 7 + 1<<60); l.total("a") != want {
			t.Errorf("%d counted; want %d", l.total("a"), want)
		}
		for _, call := range l.sent() {
			if err := call[0].Check(); err != nil {
				t.Error(err)
			}
		}
	})
}

// So it is with what was kept for nobody, and those who wait beside it.
func TestOverflowOfWhatWasKept(t *testing.T) {
	var e events
	opts := coalesce.Options{Overdue: time.Second, AttemptTimeout: time.Minute, Observe: e.observe}
	bubble(t, opts, func(t *testing.T, s *coalesce.Store, l *ledger) {
		if err := s.Set(t.Context(), "a", math.MaxInt64-3); err != nil {
			t.Fatal(err)
		}
		gate := l.gated()
		first := inc(t.Context(), s, "a")
		synctest.Wait()
		with := inc(t.Context(), s, "a")
		time.Sleep(2 * time.Second)
		for range 5 { // more than fit
			if _, err := counter.Inc(t.Context(), s, "a"); !errors.Is(err, counter.ErrPending) {
				t.Fatalf("Inc: %v; want ErrPending", err)
			}
		}
		close(gate)
		for want, outcome := range map[int64]func() (int64, error){math.MaxInt64 - 2: first, math.MaxInt64 - 1: with} {
			if number, err := outcome(); err != nil || number != want {
				t.Errorf("Inc = %d, %v; want %d", number, err, want)
			}
		}
		synctest.Wait()
		if all := e.all(); len(all) != 1 || all[0].Kind != coalesce.Refused || all[0].Additions != 5 {
			t.Errorf("%v; want 5 refused", all)
		}
	})
}

// What nobody can tell any more is given up before the store forgets its record.
func TestGivesUpInTime(t *testing.T) {
	var given coalesce.Event
	opts := coalesce.Options{Observe: func(e coalesce.Event) {
		if e.Kind == coalesce.GivenUp {
			given = e
		}
	}}
	bubble(t, opts, func(t *testing.T, s *coalesce.Store, l *ledger) {
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
		if given.Name != "a" || given.Additions != 1 || !errors.Is(given.Err, counter.ErrUnknown) {
			t.Errorf("observed %+v", given)
		}
		l.interpose(nil)
		if number, err := counter.Inc(t.Context(), s, "a"); err != nil || number != 2 {
			t.Errorf("Inc = %d, %v; want 2", number, err)
		}
	})
}

// What certainly did not happen is kept for as long as it takes.
func TestNeverGivesUpWithoutDoubt(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.fails(errAway)
		first := inc(t.Context(), s, "a")
		time.Sleep(24 * time.Hour)
		l.interpose(nil)
		if number, err := first(); err != nil || number != 1 {
			t.Errorf("Inc = %d, %v; want 1", number, err)
		}
	})
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

// A reconciliation that finds nothing lost says nothing about the value.
func TestReconcileLeavesTheKnownValue(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		if _, err := s.Add(t.Context(), "idle", 100); err != nil {
			t.Fatal(err)
		}
		if err := s.Set(t.Context(), "idle", 5); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		l.fails(errAway)
		busy := inc(t.Context(), s, "busy")
		time.Sleep(time.Second)
		l.interpose(nil)
		if _, err := busy(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if value, known := s.AtLeast("idle"); value != 5 || !known || l.total("idle") != 5 {
			t.Errorf("AtLeast = %d, %t; %d counted; want 5", value, known, l.total("idle"))
		}
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
		if number, err := hanging(); err != nil || number != 1 {
			t.Errorf("Inc = %d, %v; want 1", number, err)
		}
	})
}

// Set waits for what is on the way, and what comes later waits for Set.
func TestSetWaitsItsTurn(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		gate := l.gated()
		first := inc(t.Context(), s, "a")
		synctest.Wait()
		set := make(chan error, 1)
		go func() { set <- s.Set(t.Context(), "a", 100) }()
		synctest.Wait()
		select {
		case err := <-set:
			t.Fatalf("Set did not wait: %v", err)
		default:
		}
		close(gate)
		if number, err := first(); err != nil || number != 1 {
			t.Errorf("Inc = %d, %v; want 1", number, err)
		}
		if err := <-set; err != nil {
			t.Errorf("Set: %v", err)
		}
		if number, err := counter.Inc(t.Context(), s, "a"); err != nil || number != 101 {
			t.Errorf("Inc = %d, %v; want 101", number, err)
		}
	})
}

func TestSetDuringAnOutage(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		l.fails(errAway)
		waiting := inc(t.Context(), s, "a")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if err := s.Set(ctx, "a", 5); !errors.Is(err, counter.ErrPending) {
			t.Errorf("Set: %v; want ErrPending", err)
		}
		time.Sleep(time.Second)
		if err := s.Set(t.Context(), "a", 5); !errors.Is(err, counter.ErrPending) || l.total("a") != 0 {
			t.Errorf("Set: %v; want ErrPending, and nothing set", err)
		}
		l.interpose(nil)
		if _, err := waiting(); err != nil {
			t.Error(err)
		}
	})
}

// Over a store that can't be told twice, a lost reply is the callers' news, and
// nothing is sent again.
func TestPlainStoreIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		s := coalesce.New(lossy{l}, coalesce.Options{})
		if _, err := counter.Inc(t.Context(), s, "a"); !errors.Is(err, counter.ErrUnknown) {
			t.Errorf("Inc: %v; want ErrUnknown", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := counter.Inc(ctx, s, "slow"); !errors.Is(err, counter.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Inc: %v; want ErrUnknown and the deadline", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if l.total("a") != 1 || l.total("slow") != 1 {
			t.Errorf("%d and %d counted; want 1 of each", l.total("a"), l.total("slow"))
		}
	})
}

// lossy is a plain store that counts, and loses the reply.
type lossy struct{ counter.Store }

func (l lossy) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if name == "slow" {
		time.Sleep(time.Second)
	}
	if _, err := l.Store.Add(ctx, name, delta); err != nil {
		return 0, err
	}
	return 0, errDoubt
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
		if number, err := counter.Inc(t.Context(), s, "a"); err != nil || number != 1 {
			t.Errorf("Inc = %d, %v; want 1", number, err)
		}
	})
}
