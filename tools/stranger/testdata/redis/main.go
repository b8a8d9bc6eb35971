// Redis counts in the Redis whose URL is its argument.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
)

func main() {
	ctx := context.Background()
	store, err := counterredis.Open(ctx, os.Args[1], counterredis.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for range 3 {
		views, err := counter.Inc(ctx, store, "views:/")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(views)
	}
}
