package coalesce_test

import (
	"context"
	"errors"
	"maps"
	"math"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// timed runs a test as bubble does, with history, half an hour before an hour turns.
func timed(t *testing.T, opts coalesce.Options, test func(t *testing.T, s *coalesce.Store, l *ledger, hour counter.Hour)) {
	t.Helper()
	opts.History = true
	bubble(t, opts, func(t *testing.T, s *coalesce.Store, l *ledger) {
		time.Sleep(30 * time.Minute)
		test(t, s, l, counter.HourOf(time.Now()))
	})
}

func wantHistory(t *testing.T, l *ledger, name string, from counter.Hour, want map[counter.Hour]int64) {
	t.Helper()
	if got := l.history(name, from); !maps.Equal(got, want) {
		t.Errorf("the hours of %q, from the first: %v; want %v", name, got, want)
	}
}

func TestWithoutHistory(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "a", 5)
		wantHistory(t, l, "a", 0, map[counter.Hour]int64{})
	})
}

// What is kept through an outage belongs to the hours it was opened in, and goes in one
// batch for each of them.
func TestHoursOfAnOutage(t *testing.T) {
	timed(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger, hour counter.Hour) {
		add(t, s, "a", 10)
		l.fails(errAway)
		waiting := inc(t.Context(), s, "a")
		want := map[counter.Hour]int64{0: 11}
		for i := range 600 { // a minute each
			time.Sleep(time.Minute)
			wantKept(t, s, "a")
			want[counter.HourOf(time.Now())-hour]++
			if value, _ := s.AtLeast("a"); value != int64(12+i) {
				t.Fatalf("AtLeast = %d; want %d", value, 12+i)
			}
		}
		if stats := s.Stats(); stats.Pending != 601 {
			t.Errorf("%d pending; want 601", stats.Pending)
		}
		before := len(l.sent())
		l.interpose(nil)
		wantNumber(t, waiting, 11)
		time.Sleep(time.Second)
		wantInc(t, s, "a", 612)
		want[counter.HourOf(time.Now())-hour]++
		wantHistory(t, l, "a", hour, want)
		// Those of the first hour are in the batch that failed and in another one.
		if calls := len(l.sent()) - before; calls > len(want)+4 {
			t.Errorf("%d calls for %d hours", calls, len(want))
		}
	})
}

// Callers that wait together when the hour turns go in two batches, in their order.
func TestHourTurnsBetweenCallers(t *testing.T) {
	timed(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger, hour counter.Hour) {
		time.Sleep(30*time.Minute - time.Millisecond)
		gate := l.gated()
		outcomes := []func() (int64, error){inc(t.Context(), s, "a")}
		synctest.Wait()
		for range 10 {
			outcomes = append(outcomes, inc(t.Context(), s, "a"))
			synctest.Wait()
			time.Sleep(time.Millisecond / 4)
		}
		close(gate)
		for i, outcome := range outcomes {
			wantNumber(t, outcome, int64(i+1))
		}
		wantHistory(t, l, "a", hour, map[counter.Hour]int64{0: 5, 1: 6})
		if calls := l.sent(); len(calls) != 3 {
			t.Errorf("%d calls; want the first, and one for each hour: %v", len(calls), calls)
		}
	})
}

// A repeat is the same in every field, also when the hour has turned.
func TestRepeatKeepsItsHour(t *testing.T) {
	timed(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger, hour counter.Hour) {
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			results := commit(batches)
			if counter.HourOf(time.Now()) == hour {
				return failAll(batches, errDoubt)
			}
			return results
		})
		time.Sleep(20 * time.Minute)
		wantInc(t, s, "a", 1)
		for _, call := range l.sent() {
			if call[0] != l.sent()[0][0] {
				t.Fatalf("%+v is not the batch sent first, %+v", call[0], l.sent()[0][0])
			}
		}
		wantHistory(t, l, "a", hour, map[counter.Hour]int64{0: 1})
	})
}

// The parts of a batch that is too large for the counter keep its hour.
func TestPartsKeepTheirHour(t *testing.T) {
	for name, kept := range map[string]bool{"halves": false, "kept": true} {
		t.Run(name, func(t *testing.T) {
			timed(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger, hour counter.Hour) {
				set(t, s, math.MaxInt64-6)
				gate := l.gatedFailing()
				outcomes := queue(t.Context(), s, 8)
				close(gate)
				synctest.Wait()
				if kept {
					wantKept(t, s, "a")
				}
				time.Sleep(time.Hour)
				l.interpose(nil)
				for _, outcome := range outcomes {
					if _, err := outcome(); err != nil && !errors.Is(err, counter.ErrOverflow) {
						t.Errorf("Inc: %v", err)
					}
				}
				synctest.Wait()
				wantTotal(t, l, "a", math.MaxInt64)
				wantHistory(t, l, "a", hour, map[counter.Hour]int64{0: 6})
			})
		})
	}
}

// loseOf takes the last n additions back that a batch like b made, as a failover does.
func (l *ledger) loseOf(b counter.Batch, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := [2]string{b.Name, b.Writer}
	l.totals[b.Name] -= n
	l.records[key] = record{l.records[key].sum - n, l.totals[b.Name]}
	if b.Hour != 0 {
		l.hours[b.Name][b.Hour] -= n
	}
}

// What the store has lost counts in the hour in which the batch departs that heals it, even
// if that is later than expected.
func TestHealsInTheHourOfDeparture(t *testing.T) {
	opts := coalesce.Options{AttemptTimeout: time.Hour}
	timed(t, opts, func(t *testing.T, s *coalesce.Store, l *ledger, hour counter.Hour) {
		add(t, s, "idle", 9)
		add(t, s, "idle", 1)
		l.failing("busy", errAway)
		busy := inc(t.Context(), s, "busy")
		time.Sleep(20 * time.Minute)
		l.loseOf(l.sent()[1][0], 1)
		wantHistory(t, l, "idle", hour, map[counter.Hour]int64{0: 9})
		gate := make(chan struct{})
		l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
			if batches[0].Name == "slow" {
				<-gate
			}
			return commit(batches)
		})
		slow := inc(t.Context(), s, "slow") // holds up the idle one
		wantCounted(t, busy)
		time.Sleep(20 * time.Minute)
		wantHistory(t, l, "idle", hour, map[counter.Hour]int64{0: 9})
		close(gate)
		wantCounted(t, slow)
		synctest.Wait()
		wantHistory(t, l, "idle", hour, map[counter.Hour]int64{0: 9, 1: 1})
		wantHistory(t, l, "slow", hour, map[counter.Hour]int64{0: 1})
	})
}

// An adjustment changes the total and no hour, and so does what is healed of it: with
// adjustments and views between each other, each is found where it belongs.
func TestAdjust(t *testing.T) {
	timed(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger, hour counter.Hour) {
		adjust := func(delta, want int64) {
			t.Helper()
			if got, err := counter.Adjust(t.Context(), s, "a", delta); err != nil || got != want {
				t.Fatalf("Adjust = %d, %v; want %d", got, err, want)
			}
		}
		add(t, s, "a", 1)
		adjust(100, 101)
		add(t, s, "a", 1)
		adjust(100, 202)
		wantHistory(t, l, "a", hour, map[counter.Hour]int64{0: 2})

		l.fails(errAway)
		waiting := inc(t.Context(), s, "a")
		time.Sleep(time.Second)
		for range 3 {
			for _, call := range []func(context.Context, string, int64) (int64, error){s.Add, s.Adjust} {
				if _, err := call(t.Context(), "a", 10); !errors.Is(err, counter.ErrPending) {
					t.Errorf("%v; want ErrPending", err)
				}
			}
		}
		l.interpose(nil)
		wantCounted(t, waiting)
		time.Sleep(time.Minute)
		wantHistory(t, l, "a", hour, map[counter.Hour]int64{0: 33})
		adjust(1, 264)
	})
}

// What the store has lost of adjustments is no more in the history after it has healed, and
// what it has lost of the rest is.
func TestAdjustmentsHealApart(t *testing.T) {
	timed(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger, hour counter.Hour) {
		for _, delta := range []int64{9, 1} {
			add(t, s, "idle", delta)
			if _, err := s.Adjust(t.Context(), "idle", 100*delta); err != nil {
				t.Fatal(err)
			}
		}
		outage(t, s, l, func() {
			calls := l.sent()
			l.loseOf(calls[2][0], 1)
			l.loseOf(calls[3][0], 100)
		})
		wantTotal(t, l, "idle", 1010)
		wantHistory(t, l, "idle", hour, map[counter.Hour]int64{0: 10})
		wantAtLeast(t, s, "idle", 1010)
		if healed := s.Stats().Healed; healed != 101 {
			t.Errorf("%d healed; want 101", healed)
		}
	})
}

// A reconciliation is one of each writer. That of the one that was not the last to add
// does not tell what the value is.
func TestReconcileOfTwoWriters(t *testing.T) {
	timed(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger, _ counter.Hour) {
		for _, name := range []string{"idle", "other"} {
			add(t, s, name, 10)
			if _, err := s.Adjust(t.Context(), name, 100); err != nil {
				t.Fatal(err)
			}
		}
		add(t, s, "other", 1000)
		outage(t, s, l, func() {})
		for name, want := range map[string]int64{"idle": 110, "other": 1110} {
			wantAtLeast(t, s, name, want)
		}
	})
}

// Nobody waits for a counter whose callers have waited for too long, also if the hour has
// turned since, and if nobody waits for what is on the way.
func TestHourTurnsWhileCallersAreLate(t *testing.T) {
	opts := coalesce.Options{Wait: time.Second, AttemptTimeout: time.Hour}
	timed(t, opts, func(t *testing.T, s *coalesce.Store, l *ledger, _ counter.Hour) {
		add(t, s, "a", 10)
		l.fails(errAway)
		first := inc(t.Context(), s, "a")
		time.Sleep(900 * time.Millisecond)
		wantKept(t, s, "a") // for nobody
		calls := 0
		l.interpose(func(ctx context.Context, batches []counter.Batch, commit commit) []counter.Result {
			if calls++; calls > 1 {
				<-ctx.Done()
				return failAll(batches, errAway)
			}
			return commit(batches)
		})
		if _, err := first(); err != nil && !errors.Is(err, counter.ErrPending) {
			t.Error(err)
		}
		time.Sleep(29*time.Minute + 50*time.Second)
		start := time.Now()
		wantPendingAfter(t, inc(t.Context(), s, "a"), start, time.Second, 13)
		time.Sleep(10 * time.Second)
		start = time.Now()
		for n := range int64(3) {
			wantPendingAfter(t, inc(t.Context(), s, "a"), start, 0, 14+n)
		}
		l.interpose(nil)
		time.Sleep(time.Hour)
		wantTotal(t, l, "a", 16)
	})
}
