package countertest

import "testing"

func testReconcile(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantApply(t, a, batch("a", "w", 0, 10), 10)
	wantHeal(t, a, batch("a", "w", 0, 30), 30, 20)
	wantApply(t, a, batch("a", "w", 0, 30), 30)
	wantGet(t, a.Store, "a", 30)
	wantApply(t, a, batch("a", "w", 5, 35), 35)
}

// A counter that nothing was added to is not there.
func testReconcileNothing(t *testing.T, a applier) {
	for range 2 {
		wantApply(t, a, batch("a", "w", 0, 0), 0)
		wantApply(t, a, batch("b", "w", 0, 10), 0)
		wantGet(t, a.Store, "a", 0)
		wantList(t, a.Store, "", map[string]int64{})
	}
	wantAdd(t, a.Store, "c", 7, 7)
	wantApply(t, a, batch("c", "w", 0, 10), 7)
	wantApply(t, a, batch("a", "w", 5, 5), 5)
	wantApply(t, a, batch("b", "w", 5, 15), 5)
}

// What was lost before a wipe stays lost, what is lost after it heals.
func testReconcileWiped(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	a.Wipe(t)
	wantApply(t, a, batch("a", "w", 0, 10), 0)
	wantList(t, a.Store, "", map[string]int64{})
	wantHeal(t, a, batch("a", "w", 5, 30), 20, 15)
}
