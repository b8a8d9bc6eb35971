package countertest

import (
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// Each row of the table of [counter.Applier], in its order.

func testRepeat(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantGet(t, a.Store, "a", 10)
	wantApply(t, a, batch("a", "w", 5, 15), 15)
	wantApply(t, a, batch("a", "w", 5, 15), 15)
	wantGet(t, a.Store, "a", 15)
}

func testRepeatManyTimes(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	for i := range int64(50) {
		wantApply(t, a, batch("a", "w", 10, 10), 10)
		wantAdd(t, a.Store, "a", 1, 11+i)
	}
}

func testNext(t *testing.T, a applier) {
	sum := int64(0)
	for delta := range int64(20) {
		sum += delta
		wantApply(t, a, batch("a", "w", delta, sum), sum)
		wantGet(t, a.Store, "a", sum)
	}
}

// The batches that brought the sum from 10 to 25 are lost.
func testFurtherBehind(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantHeal(t, a, batch("a", "w", 5, 30), 30, 15)
	wantGet(t, a.Store, "a", 30)
	wantApply(t, a, batch("a", "w", 5, 30), 30) // heals no second time
	wantApply(t, a, batch("a", "w", 1, 31), 31)
}

func testAhead(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 20, 20), 20)
	for _, late := range []counter.Batch{
		batch("a", "w", 19, 19), batch("a", "w", 1, 1), batch("a", "w", 1, 19), batch("a", "w", 0, 19), batch("a", "w", 0, 0),
	} {
		wantRefused(t, a, late, counter.ErrStale)
	}
	wantApply(t, a, batch("a", "w", 20, 20), 20)
	wantApply(t, a, batch("a", "w", 1, 21), 21)
}

func testLessThanDeltaBehind(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "w", 20, 20), 20)
	for _, late := range []counter.Batch{
		batch("a", "w", 2, 21), batch("a", "w", 21, 21), batch("a", "w", 10, 29), batch("a", "w", 30, 30),
	} {
		wantRefused(t, a, late, counter.ErrStale)
	}
	wantApply(t, a, batch("a", "w", 10, 30), 30)
}

func testNewWriter(t *testing.T, a applier) {
	wantApply(t, a, batch("a", "v", 10, 10), 10)
	wantApply(t, a, batch("a", "w", 5, 100), 15) // its record is gone: what it added before is not added again
	wantApply(t, a, batch("a", "w", 5, 105), 20)
	wantAdd(t, a.Store, "b", 7, 7)
	wantApply(t, a, batch("b", "w", 1, 1), 8)
}

func testLateCopy(t *testing.T, a applier) {
	first, second, third := batch("a", "w", 10, 10), batch("a", "w", 5, 15), batch("a", "w", 20, 35)
	wantApply(t, a, first, 10)
	wantApply(t, a, second, 15)
	wantRefused(t, a, first, counter.ErrStale)
	wantApply(t, a, second, 15)
	wantApply(t, a, third, 35)
	wantRefused(t, a, first, counter.ErrStale)
	wantRefused(t, a, second, counter.ErrStale)
	wantApply(t, a, third, 35)
	wantApply(t, a, batch("a", "w", 1, 36), 36)
}
