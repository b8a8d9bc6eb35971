package countertest

import (
	"math"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// Near 2^53 a double no longer tells two whole numbers apart.
func testLargeSums(t *testing.T, a applier) {
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
func testFirstBatchBeyondMaxSum(t *testing.T, a applier) {
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

func testLargeTotals(t *testing.T, a applier) {
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

func testNegativeTotals(t *testing.T, a applier) {
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
