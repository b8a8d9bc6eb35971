package counterredis_test

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
)

func ExampleOpen() {
	ctx := context.Background()
	store, err := counterredis.Open(ctx, "redis://127.0.0.1:6379/0", counterredis.Options{Prefix: "views:"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	fmt.Println(counter.Inc(ctx, store, "/"))
}

func ExampleNew() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
	defer client.Close()
	store := counterredis.New(client, counterredis.Options{})
	fmt.Println(counter.Inc(context.Background(), store, "counter_key"))
}
