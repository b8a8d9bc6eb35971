package countertest

import (
	"math"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Each row of the table of [counter.Backend], in its order.

func testRepeat(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantGet(t, a.Store, "a", 10)
	wantApply(t, a, batch("a", "w", 5, 15), 15)
	wantApply(t, a, batch("a", "w", 5, 15), 15)
	wantGet(t, a.Store, "a", 15)
}

func testRepeatManyTimes(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	for i := range int64(50) {
		wantApply(t, a, batch("a", "w", 10, 10), 10)
		wantAdd(t, a.Store, "a", 1, 11+i)
	}
}

func testNext(t *testing.T, a Fixture) {
	sum := int64(0)
	for delta := range int64(20) {
		sum += delta
		wantApply(t, a, batch("a", "w", delta, sum), sum)
		wantGet(t, a.Store, "a", sum)
	}
}

// The batches that brought the sum from 10 to 25 are lost.
func testFurtherBehind(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantHeal(t, a, batch("a", "w", 5, 30), 30, 15)
	wantGet(t, a.Store, "a", 30)
	wantApply(t, a, batch("a", "w", 5, 30), 30) // does not heal again
	wantApply(t, a, batch("a", "w", 1, 31), 31)
}

func testAhead(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 20, 20), 20)
	for _, late := range []counter.Batch{
		batch("a", "w", 19, 19), batch("a", "w", 1, 1), batch("a", "w", 1, 19), batch("a", "w", 0, 19), batch("a", "w", 0, 0),
	} {
		wantRefused(t, a, late, counter.ErrStale)
	}
	wantApply(t, a, batch("a", "w", 20, 20), 20)
	wantApply(t, a, batch("a", "w", 1, 21), 21)
}

func testLessThanDeltaBehind(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 20, 20), 20)
	for _, late := range []counter.Batch{
		batch("a", "w", 2, 21), batch("a", "w", 21, 21), batch("a", "w", 10, 29), batch("a", "w", 30, 30),
	} {
		wantRefused(t, a, late, counter.ErrStale)
	}
	wantApply(t, a, batch("a", "w", 10, 30), 30)
}

func testNewWriter(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "v", 10, 10), 10)
	wantApply(t, a, batch("a", "w", 5, 100), 15) // its record is gone: what it added before is not added again
	wantApply(t, a, batch("a", "w", 5, 105), 20)
	wantAdd(t, a.Store, "b", 7, 7)
	wantApply(t, a, batch("b", "w", 1, 1), 8)
}

func testLateCopy(t *testing.T, a Fixture) {
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

func testReconcile(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	wantApply(t, a, batch("a", "w", 0, 10), 10)
	wantHeal(t, a, batch("a", "w", 0, 30), 30, 20)
	wantApply(t, a, batch("a", "w", 0, 30), 30)
	wantGet(t, a.Store, "a", 30)
	wantApply(t, a, batch("a", "w", 5, 35), 35)
}

// A counter that nothing was added to does not exist.
func testReconcileNothing(t *testing.T, a Fixture) {
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

// What was lost in a wipe stays lost. What is lost after it heals.
func testReconcileWiped(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	a.Wipe(t)
	wantApply(t, a, batch("a", "w", 0, 10), 0)
	wantList(t, a.Store, "", map[string]int64{})
	wantHeal(t, a, batch("a", "w", 5, 30), 20, 15)
}

// A wiped store does not get back what writers remember.
func testWiped(t *testing.T, a Fixture) {
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

func testExpired(t *testing.T, a Fixture) {
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

// A batch is repeated for a while before its writer gives it up.
func testRetention(t *testing.T, a Fixture) {
	if got := a.Store.Retention(); got < time.Second {
		t.Errorf("Retention = %v; want a second at least", got)
	}
}

// Each writer of a counter has a record of its own.
func testTwoWriters(t *testing.T, a Fixture) {
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
func testOneWriterOfTwoCounters(t *testing.T, a Fixture) {
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

// Others may change a counter's total, but not what writers have added.
func testSetAndAddBetween(t *testing.T, a Fixture) {
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

// A refused batch and its late copy do not affect the batches of the next writer.
func testRefused(t *testing.T, a Fixture) {
	set(t, a.Store, "a", math.MaxInt64-6)
	wantApply(t, a, batch("a", "v", 1, 1), math.MaxInt64-5)
	refused := batch("a", "v", 6, 7)
	wantRefused(t, a, refused, counter.ErrOverflow)
	wantApply(t, a, batch("a", "v", 1, 1), math.MaxInt64-5) // a repeat: its record is still there

	wantApply(t, a, batch("a", "w", 3, 3), math.MaxInt64-2)
	wantRefused(t, a, refused, counter.ErrOverflow)
	wantApply(t, a, batch("a", "w", 2, 5), math.MaxInt64)
	wantRefused(t, a, refused, counter.ErrOverflow)
	wantRefused(t, a, batch("a", "new", 1, 1), counter.ErrOverflow)
	wantRefused(t, a, batch("a", "new", math.MaxInt64, math.MaxInt64), counter.ErrOverflow)

	// Now there is room again for the late copy.
	set(t, a.Store, "a", 100)
	apply(t, a, refused)
	before, err := a.Store.Get(t.Context(), "a")
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	wantApply(t, a, batch("a", "w", 7, 12), before+7)
	wantApply(t, a, batch("a", "new", 1, 1), before+8)
}

// Everything that is missing must fit, not just the delta.
func testRefusedHealing(t *testing.T, a Fixture) {
	set(t, a.Store, "a", math.MaxInt64-10)
	wantApply(t, a, batch("a", "w", 1, 1), math.MaxInt64-9)
	heals := batch("a", "w", 1, 11)
	wantRefused(t, a, heals, counter.ErrOverflow)
	set(t, a.Store, "a", math.MaxInt64-10)
	wantHeal(t, a, heals, math.MaxInt64, 9)
}

// Above 2^53 a double can't hold every whole number.
func testLargeSums(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", counter.MaxSum-3, counter.MaxSum-3), counter.MaxSum-3)
	for sum := int64(counter.MaxSum - 2); sum <= counter.MaxSum; sum++ {
		wantApply(t, a, batch("a", "w", 1, sum), sum)
		wantApply(t, a, batch("a", "w", 1, sum), sum)
		wantRefused(t, a, batch("a", "w", 1, sum-1), counter.ErrStale)
	}
	wantRefused(t, a, batch("a", "w", 1, counter.MaxSum+1), counter.ErrDelta)
	wantApply(t, a, batch("a", "new", 1, 1), counter.MaxSum+1)
	wantApply(t, a, batch("a", "new", 2, 3), counter.MaxSum+3)

	wantApply(t, a, batch("b", "w", 1, 1), 1)
	wantHeal(t, a, batch("b", "w", 1, counter.MaxSum), counter.MaxSum, counter.MaxSum-2)
}

// A first batch can carry more than a running sum may.
func testFirstBatchBeyondMaxSum(t *testing.T, a Fixture) {
	for _, test := range []struct {
		name         string
		value, delta int64
	}{
		{"a", 0, counter.MaxSum + 1},
		{"b", -2, counter.MaxSum + 3},
		{"c", 0, math.MaxInt64 - 1},
		{"d", 0, math.MaxInt64},
		{"e", math.MinInt64, math.MaxInt64},
	} {
		set(t, a.Store, test.name, test.value)
		for range 3 {
			wantApply(t, a, batch(test.name, "w", test.delta, test.delta), test.value+test.delta)
			wantGet(t, a.Store, test.name, test.value+test.delta)
		}
	}
	wantApply(t, a, batch("a", "new", 1, 1), counter.MaxSum+2)
}

func testLargeTotals(t *testing.T, a Fixture) {
	set(t, a.Store, "a", math.MaxInt64-10)
	for delta := int64(1); delta <= 4; delta++ {
		sum := delta * (delta + 1) / 2
		wantApply(t, a, batch("a", "w", delta, sum), math.MaxInt64-10+sum)
		wantApply(t, a, batch("a", "w", delta, sum), math.MaxInt64-10+sum)
		wantGet(t, a.Store, "a", math.MaxInt64-10+sum)
	}
	wantApply(t, a, batch("a", "w", 0, 10), math.MaxInt64)
	wantRefused(t, a, batch("a", "w", 1, 11), counter.ErrOverflow)
}

func testNegativeTotals(t *testing.T, a Fixture) {
	set(t, a.Store, "a", -5)
	for _, next := range []struct{ delta, sum, total int64 }{{3, 3, -2}, {2, 5, 0}, {1, 6, 1}} {
		wantApply(t, a, batch("a", "w", next.delta, next.sum), next.total)
		wantApply(t, a, batch("a", "w", next.delta, next.sum), next.total)
		wantGet(t, a.Store, "a", next.total)
	}
	set(t, a.Store, "a", math.MinInt64)
	wantApply(t, a, batch("a", "w", 1, 7), math.MinInt64+1)
	wantApply(t, a, batch("a", "w", 1, 7), math.MinInt64+1)
	wantHeal(t, a, batch("a", "w", 1, 10), math.MinInt64+4, 2)
	wantApply(t, a, batch("a", "new", 0, 5), math.MinInt64+4)
	wantGet(t, a.Store, "a", math.MinInt64+4)
}
