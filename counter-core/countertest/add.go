package countertest

import (
	"math"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func testAdd(t *testing.T, store counter.Store) {
	wantGet(t, store, "a", 0)
	wantAdd(t, store, "a", 1, 1)
	wantAdd(t, store, "a", 41, 42)
	wantAdd(t, store, "b", 5, 5)
	wantGet(t, store, "a", 42)
	if got, err := counter.Inc(t.Context(), store, "b"); err != nil || got != 6 {
		t.Fatalf("Inc = %d, %v; want 6", got, err)
	}
}

// Every value of a hot counter is returned to exactly one caller, in an order
// that each caller sees as rising.
func testAddConcurrently(t *testing.T, store counter.Store) {
	const callers, each = 16, 50
	returned := make([][]int64, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for range each {
				value, err := store.Add(t.Context(), "hot", 1)
				if err != nil {
					t.Errorf("Add: %v", err)
					return
				}
				returned[c] = append(returned[c], value)
			}
		})
	}
	wg.Wait()
	seen := map[int64]bool{}
	for _, values := range returned {
		last := int64(0)
		for _, value := range values {
			if seen[value] || value <= last || value > callers*each {
				t.Fatalf("Add returned %d after %d to one caller; returned to another before: %t", value, last, seen[value])
			}
			seen[value], last = true, value
		}
	}
	wantGet(t, store, "hot", callers*each)
}

func testAddOverflow(t *testing.T, store counter.Store) {
	set(t, store, "a", math.MaxInt64-2)
	_, err := store.Add(t.Context(), "a", 3)
	wantErr(t, "Add past the largest int64", err, counter.ErrOverflow)
	wantGet(t, store, "a", math.MaxInt64-2)
	wantAdd(t, store, "a", 2, math.MaxInt64)
	_, err = store.Add(t.Context(), "a", 1)
	wantErr(t, "Add to the largest int64", err, counter.ErrOverflow)
	_, err = store.Add(t.Context(), "a", math.MaxInt64)
	wantErr(t, "Add of the largest int64", err, counter.ErrOverflow)
	wantGet(t, store, "a", math.MaxInt64)

	set(t, store, "b", math.MinInt64)
	wantAdd(t, store, "b", math.MaxInt64, -1)
	wantAdd(t, store, "b", math.MaxInt64, math.MaxInt64-1)
}

func testBadDeltas(t *testing.T, store counter.Store) {
	wantAdd(t, store, "a", 1, 1)
	for _, delta := range []int64{0, -1, math.MinInt64} {
		_, err := store.Add(t.Context(), "a", delta)
		wantErr(t, "Add of a delta below 1", err, counter.ErrDelta)
	}
	wantGet(t, store, "a", 1)
}
