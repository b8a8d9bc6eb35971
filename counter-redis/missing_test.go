package counterredis_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// The script has its own copy of [counter.Batch.Missing], which it must agree with
// whatever the record and the batch are.
func TestScriptAgreesWithMissing(t *testing.T) {
	client, store := startStore(t)
	// Numbers near each other, small or at the limit of what a double can hold.
	number := func(base int64) int64 { return max(base+rand.Int64N(9)-4, 0) }
	for i := range 2000 {
		base := []int64{0, 1000, counter.MaxSum}[i%3]
		recorded, batch := number(base), counter.Batch{Name: "a", Writer: "w", Sum: number(base)}
		batch.Delta = min(number(4), batch.Sum)
		if batch.Check() != nil {
			batch.Delta = batch.Sum // only a first batch exceeds MaxSum
		}
		const total, before = 77, 100 // of the record, and of the counter
		do(t, client, "mset", "a", before, "{a}:w", fmt.Sprintf("%d:%d", recorded, total))

		want := counter.Result{Total: total}
		add, err := batch.Missing(recorded)
		if err != nil {
			want = counter.Result{}
		} else if add > 0 {
			want = counter.Result{Total: before + add, Healed: add - batch.Delta}
		}
		got := store.Apply(t.Context(), []counter.Batch{batch})[0]
		if stale := errors.Is(got.Err, counter.ErrStale); stale != (err != nil) || got.Err != nil && !stale {
			t.Fatalf("Apply(%+v) over %d: %v; want %v", batch, recorded, got.Err, err)
		}
		if got.Total != want.Total || got.Healed != want.Healed {
			t.Fatalf("Apply(%+v) over %d = %+v; want %+v", batch, recorded, got, want)
		}
	}
}
