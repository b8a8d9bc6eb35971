package coalesce_test

import (
	"context"
	"fmt"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// Every other reply of this store is lost on its way. Each addition is counted
// once all the same, and its caller learns the number.
func ExampleNew() {
	backend := newLossy() // such as what counterredis.Open returns
	store := coalesce.New(backend, coalesce.Options{})
	defer store.Close()
	for range 3 {
		fmt.Println(counter.Inc(context.Background(), store, "views:/"))
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 3 <nil>
}

func newLossy() counter.Backend {
	store, calls := newLedger(), 0
	store.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
		results := commit(batches)
		if calls++; calls%2 == 0 {
			return failAll(batches, errDoubt)
		}
		return results
	})
	return store
}
