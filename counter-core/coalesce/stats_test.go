package coalesce_test

import (
	"testing"
	"testing/synctest"
	"time"

	"example.com/herokuapp/counter-core/coalesce"
)

func TestStats(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		want := func(when string, want coalesce.Stats) {
			t.Helper()
			synctest.Wait()
			got := s.Stats()
			if got.Calls > 2 { // how often it is tried in an outage is random
				if got.Batches < got.Calls {
					t.Errorf("%s: %+v; want a batch a call at least", when, got)
				}
				got.Calls, got.Batches = 0, 0
			}
			if got != want {
				t.Errorf("%s: %+v; want %+v", when, got, want)
			}
		}
		want("at first", coalesce.Stats{})
		add(t, s, "a", 5)
		add(t, s, "b", 1)
		want("when all is counted", coalesce.Stats{Calls: 2, Batches: 2, Additions: 6})

		l.lose("a", 2)
		l.fails(errAway)
		waiting := inc(t.Context(), s, "a")
		time.Sleep(time.Second)
		for range 3 {
			wantKept(t, s, "a")
		}
		want("in an outage", coalesce.Stats{Additions: 10, Pending: 4, Failing: true})

		l.interpose(nil)
		wantCounted(t, waiting)
		time.Sleep(time.Minute)
		want("after it", coalesce.Stats{Additions: 10, Healed: 2})
	})
}
