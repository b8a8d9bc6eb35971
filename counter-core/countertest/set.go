package countertest

import (
	"math"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func testSet(t *testing.T, store counter.Store) {
	set(t, store, "a", 0) // is not there
	wantGet(t, store, "a", 0)
	for _, value := range []int64{41, 7, -3, math.MaxInt64, math.MinInt64} {
		set(t, store, "a", value)
		wantGet(t, store, "a", value)
	}
	set(t, store, "a", -3)
	wantAdd(t, store, "a", 2, -1)
	wantAdd(t, store, "a", 1, 0)
	wantList(t, store, "", map[string]int64{})
	set(t, store, "a", 41)
	set(t, store, "a", 0)
	wantGet(t, store, "a", 0)
	wantList(t, store, "", map[string]int64{})
	wantAdd(t, store, "a", 1, 1)
}

// Removing a counter while others add to it loses no addition that comes after:
// once the removals are over, each addition shows.
func testSetWhileAdding(t *testing.T, store counter.Store) {
	for range 20 {
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := store.Set(t.Context(), "a", 0); err != nil {
				t.Errorf("Set: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := store.Add(t.Context(), "a", 1); err != nil {
				t.Errorf("Add: %v", err)
			}
		})
		wg.Wait()
		before, err := store.Get(t.Context(), "a")
		if err != nil || before < 0 || before > 1 {
			t.Fatalf("Get = %d, %v; want 0 or 1", before, err)
		}
		wantAdd(t, store, "a", 1, before+1)
		set(t, store, "a", 0)
	}
}
