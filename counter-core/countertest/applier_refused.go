package countertest

import (
	"math"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// What a refused batch carried, and its late copy, leaves the batches of the
// writer that comes after it alone.
func testRefused(t *testing.T, a applier) {
	set(t, a.Store, "a", math.MaxInt64-6)
	wantApply(t, a, batch("a", "v", 1, 1), math.MaxInt64-5)
	refused := batch("a", "v", 6, 7)
	wantRefused(t, a, refused, counter.ErrOverflow)
	wantApply(t, a, batch("a", "v", 1, 1), math.MaxInt64-5) // its record stands

	wantApply(t, a, batch("a", "w", 3, 3), math.MaxInt64-2)
	wantRefused(t, a, refused, counter.ErrOverflow)
	wantApply(t, a, batch("a", "w", 2, 5), math.MaxInt64)
	wantRefused(t, a, refused, counter.ErrOverflow)
	wantRefused(t, a, batch("a", "new", 1, 1), counter.ErrOverflow)
	wantRefused(t, a, batch("a", "new", math.MaxInt64, math.MaxInt64), counter.ErrOverflow)

	// There is room again, and the late copy may find it.
	set(t, a.Store, "a", 100)
	apply(t, a, refused)
	before, err := a.Store.Get(t.Context(), "a")
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	wantApply(t, a, batch("a", "w", 7, 12), before+7)
	wantApply(t, a, batch("a", "new", 1, 1), before+8)
}

// It is all that is missing that must fit.
func testRefusedHealing(t *testing.T, a applier) {
	set(t, a.Store, "a", math.MaxInt64-10)
	wantApply(t, a, batch("a", "w", 1, 1), math.MaxInt64-9)
	heals := batch("a", "w", 1, 11)
	wantRefused(t, a, heals, counter.ErrOverflow)
	set(t, a.Store, "a", math.MaxInt64-10)
	wantHeal(t, a, heals, math.MaxInt64, 9)
}
