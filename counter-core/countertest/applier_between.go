package countertest

import "testing"

// Each writer of a counter has a record of its own.
func testTwoWriters(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "v", 10, 10), 10)
	wantApply(t, a, batch("a", "w", 3, 3), 13)
	wantHeal(t, a, batch("a", "v", 5, 30), 33, 15)
	wantApply(t, a, batch("a", "w", 3, 3), 13)
	wantApply(t, a, batch("a", "w", 2, 5), 35)
	wantApply(t, a, batch("a", "v", 5, 30), 33)
	wantHeal(t, a, batch("a", "w", 0, 10), 40, 5)
	wantApply(t, a, batch("a", "v", 1, 31), 41)
	wantGet(t, a.Store, "a", 41)
}

// The same writer of another counter is another writer.
func testOneWriterOfTwoCounters(t *testing.T, a applier) {
	for range 2 {
		b, c := batch("b", "w", 10, 10), batch("c", "w", 3, 3)
		results := apply(t, a, b, c)
		wantResult(t, b, results[0], 10, 0)
		wantResult(t, c, results[1], 3, 0)
	}
	wantApply(t, a, batch("c", "w", 7, 10), 10)
	wantHeal(t, a, batch("b", "w", 7, 20), 20, 3)
	wantApply(t, a, batch("c", "w", 7, 10), 10)
	wantList(t, a.Store, "", map[string]int64{"b": 20, "c": 10})
}

// What others do to a counter changes its total, not what writers have added.
func testSetAndAddBetween(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 5, 5), 5)
	set(t, a.Store, "a", 100)
	wantApply(t, a, batch("a", "w", 5, 5), 5)
	wantGet(t, a.Store, "a", 100)
	wantAdd(t, a.Store, "a", 7, 107)
	wantApply(t, a, batch("a", "w", 1, 6), 108)
	wantAdd(t, a.Store, "a", 1, 109)
	wantApply(t, a, batch("a", "w", 1, 6), 108)

	set(t, a.Store, "a", 0)
	wantApply(t, a, batch("a", "w", 1, 6), 108)
	wantApply(t, a, batch("a", "w", 0, 6), 108)
	wantList(t, a.Store, "", map[string]int64{})
	wantApply(t, a, batch("a", "w", 2, 8), 2)
	set(t, a.Store, "a", 0)
	wantHeal(t, a, batch("a", "w", 1, 12), 4, 3)
	wantGet(t, a.Store, "a", 4)
}
