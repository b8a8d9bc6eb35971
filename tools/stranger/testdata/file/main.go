// File counts in the file whose path is its argument.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	counter "example.com/herokuapp/counter-core"
	counterfile "example.com/herokuapp/counter-file"
)

func main() {
	ctx := context.Background()
	store, err := counterfile.Open(os.Args[1], counterfile.Options{})
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
