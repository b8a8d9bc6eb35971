package coalesce_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/herokuapp/counter-core/coalesce"
)

// What arrives while a call is on the way goes in the next one, in which each
// caller has a number of its own.
func TestGathers(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		gate := l.gated()
		const callers = 100
		var numbers []int64
		outcomes := queue(t.Context(), s, callers)
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

// A caller that goes with what was kept has a number above it.
func TestNumbersFollowWhatWasKept(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		gate := l.gatedFailing()
		outcomes := queue(t.Context(), s, 1) // the second goes with those that are kept when the store is known to fail
		close(gate)
		time.Sleep(time.Second)
		for range 5 {
			wantKept(t, s, "a")
		}
		l.interpose(nil)
		wantNumber(t, outcomes[0], 1)
		wantNumber(t, outcomes[1], 7)
	})
}
