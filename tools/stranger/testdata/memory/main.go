// Memory counts in memory.
package main

import (
	"context"
	"fmt"
	"log"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

func main() {
	store := countermemory.New()
	defer store.Close()
	for range 3 {
		views, err := counter.Inc(context.Background(), store, "views:/")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(views)
	}
}
