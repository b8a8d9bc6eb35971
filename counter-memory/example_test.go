package countermemory_test

import (
	"context"
	"fmt"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

func Example() {
	store := countermemory.New()
	views, err := counter.Inc(context.Background(), store, "views:/")
	fmt.Println(views, err)
	// Output: 1 <nil>
}

func ExampleStore_List() {
	ctx := context.Background()
	store := countermemory.New()
	for name, value := range map[string]int64{"views:/a": 3, "visits": 1} {
		if err := store.Set(ctx, name, value); err != nil {
			fmt.Println(err)
		}
	}
	for entry, err := range store.List(ctx, "views:") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(entry.Name, entry.Value)
	}
	// Output: views:/a 3
}
