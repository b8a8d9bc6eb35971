package countermemory_test

import (
	"context"
	"fmt"
	"time"

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

// What was viewed when, from a store that keeps hours for a century.
func ExampleStore_History() {
	ctx := context.Background()
	store := countermemory.NewWith(countermemory.Options{HistoryHours: 100 * 365 * 24})
	nine := counter.HourOf(time.Date(2026, 11, 27, 9, 30, 0, 0, time.UTC))
	for _, result := range store.Apply(ctx, []counter.Batch{
		{Name: "views:/", Writer: "an id", Delta: 3, Sum: 3, Hour: nine},
		{Name: "views:/a", Writer: "an id", Delta: 1, Sum: 1, Hour: nine + 1},
	}) {
		fmt.Println(result.Total, result.Err)
	}
	if err := store.Move(ctx, "views:/a", "views:/"); err != nil {
		fmt.Println(err)
	}
	for bucket, err := range store.History(ctx, "views:/", nine.Day(), nine.Day()+counter.DayHours-1) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(bucket.Start.Time().Format("2006-01-02 15:04"), bucket.Count)
	}
	// Output:
	// 3 <nil>
	// 1 <nil>
	// 2026-11-27 09:00 3
	// 2026-11-27 10:00 1
}

// What another service has counted is added once, however often it is brought.
func ExampleStore_Bring() {
	ctx := context.Background()
	store := countermemory.New()
	for _, total := range []int64{1000, 1000, 1010} {
		added, err := store.Bring(ctx, "views:/", "counter.example/my-page", total, nil)
		fmt.Println(added, err)
	}
	// Output:
	// 1000 <nil>
	// 0 <nil>
	// 10 <nil>
}
