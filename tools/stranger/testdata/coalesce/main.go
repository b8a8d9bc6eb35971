// Coalesce counts additions that many callers make at once.
package main

import (
	"context"
	"fmt"
	"log"
	"sync"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
)

func main() {
	ctx := context.Background()
	store := coalesce.New(countermemory.New(), coalesce.Options{})
	var callers sync.WaitGroup
	for range 100 {
		callers.Go(func() {
			if _, err := counter.Inc(ctx, store, "views:/"); err != nil {
				log.Fatal(err)
			}
		})
	}
	callers.Wait()
	views, err := store.Get(ctx, "views:/")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(views)
	if err := store.Close(); err != nil {
		log.Fatal(err)
	}
}
