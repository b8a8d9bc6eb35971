package coalesce_test

import (
	"fmt"
	"testing"
	"time"

	"example.com/herokuapp/counter-core/coalesce"
)

// The sweep of unused tallies, which comes with the 1,024th counter, leaves those
// whose records the store still has: an idle counter among them heals.
func TestSweepLeavesWhatMayHeal(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, l *ledger) {
		add(t, s, "idle", 9)
		add(t, s, "idle", 1)
		time.Sleep(time.Minute)
		for i := range 1100 {
			add(t, s, fmt.Sprint(i), 1)
		}
		outage(t, s, l, func() { l.lose("idle", 1) })
		wantTotal(t, l, "idle", 10)
	})
}

// A counter that nobody has added to for longer than the store keeps records is
// forgotten with the next sweep.
func TestSweepForgetsWhatIsUnused(t *testing.T) {
	bubble(t, coalesce.Options{}, func(t *testing.T, s *coalesce.Store, _ *ledger) {
		add(t, s, "unused", 1)
		time.Sleep(2 * time.Hour)
		for i := range 4000 {
			add(t, s, fmt.Sprint(i), 1)
		}
		if value, known := s.AtLeast("unused"); known {
			t.Errorf("AtLeast = %d; want that it is forgotten", value)
		}
		wantAtLeast(t, s, "3999", 1)
	})
}
