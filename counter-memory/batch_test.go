package countermemory_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	countermemory "example.com/herokuapp/counter-memory"
)

func TestBackendConformance(t *testing.T)   { countertest.RunBackend(t, fixture) }
func TestHistorianConformance(t *testing.T) { countertest.RunHistorian(t, fixture) }
func TestMoverConformance(t *testing.T)     { countertest.RunMover(t, fixture) }

func fixture(*testing.T) countertest.Fixture {
	store := new(countermemory.Store)
	return countertest.Fixture{
		Store:       store,
		Wipe:        func(*testing.T) { store.Wipe() },
		Expire:      func(*testing.T) { store.Age(store.Retention()) },
		ExpireHours: func(*testing.T) { store.ExpireHours() },
	}
}

// A record lives for Retention after the last time its writer was heard of.
func TestRecordExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := countermemory.New()
		first := counter.Batch{Name: "a", Writer: "w", Delta: 10, Sum: 10}
		wantResult(t, store, first, counter.Result{Total: 10})
		for range 3 { // a repeat keeps it
			time.Sleep(store.Retention() - 1)
			wantResult(t, store, first, counter.Result{Total: 10})
		}
		time.Sleep(store.Retention() - 1)
		second := counter.Batch{Name: "a", Writer: "w", Delta: 5, Sum: 20}
		wantResult(t, store, second, counter.Result{Total: 20, Healed: 5})
		time.Sleep(store.Retention())
		third := counter.Batch{Name: "a", Writer: "w", Delta: 5, Sum: 30}
		wantResult(t, store, third, counter.Result{Total: 25})
	})
}

// Writers come and go: what they leave behind goes too.
func TestRecordsAreBounded(t *testing.T) {
	const hourly, hours = 100, 20
	synctest.Test(t, func(t *testing.T) {
		store := countermemory.New()
		for i := range hourly * hours {
			batch := counter.Batch{Name: "a", Writer: fmt.Sprint(i), Delta: 1, Sum: 1}
			wantResult(t, store, batch, counter.Result{Total: int64(i) + 1})
			if kept := store.Records(); kept > 2*hourly {
				t.Fatalf("after %d writers, %d in an hour, %d records are kept", i+1, hourly, kept)
			}
			time.Sleep(store.Retention() / hourly)
		}
		// Those of the last hour are all there.
		for i := hourly*hours - hourly + 1; i < hourly*hours; i++ {
			batch := counter.Batch{Name: "a", Writer: fmt.Sprint(i), Delta: 1, Sum: 1}
			wantResult(t, store, batch, counter.Result{Total: int64(i) + 1})
		}
	})
}

// Two copies of each batch and a plain addition race for the counter, often
// enough to meet: each value is made once.
func TestApplyInContention(t *testing.T) {
	const rounds = 30_000
	store := countermemory.New()
	var totals [2][rounds]int64
	var values [rounds]int64
	var wg sync.WaitGroup
	for c := range totals {
		wg.Go(func() {
			for i := range rounds {
				batch := counter.Batch{Name: "a", Writer: "w", Delta: 1, Sum: int64(i) + 1}
				result := store.Apply(t.Context(), []counter.Batch{batch})[0]
				if result.Err != nil && !errors.Is(result.Err, counter.ErrStale) || result.Healed != 0 {
					t.Errorf("Apply(%#v) = %+v", batch, result)
					return
				}
				totals[c][i] = result.Total
			}
		})
	}
	wg.Go(func() {
		for i := range values {
			value, err := counter.Inc(t.Context(), store, "a")
			if err != nil {
				t.Errorf("Inc: %v", err)
				return
			}
			values[i] = value
		}
	})
	wg.Wait()

	made := map[int64]bool{}
	for i := range rounds {
		x, y := totals[0][i], totals[1][i]
		if x != y && x != 0 && y != 0 {
			t.Fatalf("batch %d makes %d and %d", i, x, y)
		}
		for _, value := range []int64{max(x, y), values[i]} {
			if made[value] || value < 1 || value > 2*rounds {
				t.Fatalf("%d is made; before: %t", value, made[value])
			}
			made[value] = true
		}
	}
}

func wantResult(t *testing.T, store *countermemory.Store, batch counter.Batch, want counter.Result) {
	t.Helper()
	if got := store.Apply(t.Context(), []counter.Batch{batch})[0]; got != want {
		t.Fatalf("Apply(%+v) = %+v; want %+v", batch, got, want)
	}
}
