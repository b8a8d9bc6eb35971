package countertest

import (
	"testing"
	"time"
)

// A wiped store is not filled from what writers remember.
func testWiped(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantApply(t, a, batch("b", "w", 10, 10), 10)
	a.Wipe(t)
	wantList(t, a.Store, "", map[string]int64{})
	wantApply(t, a, batch("a", "w", 5, 15), 5)
	wantApply(t, a, batch("a", "w", 5, 15), 5)
	wantApply(t, a, batch("a", "w", 5, 20), 10)
	wantHeal(t, a, batch("a", "w", 5, 30), 20, 5)
	wantApply(t, a, batch("b", "w", 10, 10), 10) // lost with the wipe, so it counts
	wantGet(t, a.Store, "b", 10)
}

func testExpired(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "v", 3, 3), 3)
	wantApply(t, a, batch("a", "w", 10, 10), 13)
	a.Expire(t)
	wantGet(t, a.Store, "a", 13)
	wantApply(t, a, batch("a", "w", 5, 30), 18)
	wantApply(t, a, batch("a", "w", 5, 30), 18)
	wantApply(t, a, batch("a", "v", 0, 100), 18)
	wantHeal(t, a, batch("a", "w", 5, 40), 28, 5)
	a.Expire(t)
	wantApply(t, a, batch("a", "w", 1, 50), 29)
}

func testForget(t *testing.T, a applier) {
	for _, name := range []string{"b", "c"} {
		wantApply(t, a, batch(name, "v", 10, 10), 10)
		wantApply(t, a, batch(name, "w", 10, 10), 20)
	}
	forget(t, a)
	forget(t, a, batch("not there", "w", 0, 0), batch("b", "nor it", 0, 0))
	forget(t, a, batch("b", "w", -1, -1)) // delta and sum are not looked at
	wantList(t, a.Store, "", map[string]int64{"b": 20, "c": 20})
	wantApply(t, a, batch("b", "w", 5, 30), 25)
	wantHeal(t, a, batch("b", "v", 5, 30), 45, 15)
	wantHeal(t, a, batch("c", "w", 5, 30), 40, 15)
	wantHeal(t, a, batch("c", "v", 5, 30), 60, 15)

	forget(t, a, batch("b", "v", 5, 30), batch("not there", "w", 0, 0), batch("b", "w", 5, 30), batch("c", "v", 5, 30))
	wantApply(t, a, batch("b", "v", 1, 40), 46)
	wantApply(t, a, batch("b", "w", 1, 40), 47)
	wantApply(t, a, batch("c", "v", 1, 40), 61)
	wantHeal(t, a, batch("c", "w", 1, 40), 71, 9)
	wantList(t, a.Store, "", map[string]int64{"b": 47, "c": 71})
}

// A batch is repeated for a while before its writer gives it up.
func testRetention(t *testing.T, a applier) {
	if got := a.Retention(); got < time.Second {
		t.Errorf("Retention = %v; want a second at least", got)
	}
}
