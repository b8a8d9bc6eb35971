package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterredis "example.com/herokuapp/counter-redis"
)

// Counted exactly once, through lost replies and outages.
func Example() {
	ctx := context.Background()
	backend, err := counterredis.Open(ctx, os.Getenv("REDIS_URL"), counterredis.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	store := coalesce.New(backend, coalesce.Options{})
	defer store.Close()
	fmt.Println(counter.Inc(ctx, store, "views:/")) // 1 <nil>
}

// Each addition is one command, sent once.
func ExampleOpen() {
	ctx := context.Background()
	store, err := counterredis.Open(ctx, os.Getenv("REDIS_URL"), counterredis.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	views, err := counter.Inc(ctx, store, "views:/")
	switch {
	case errors.Is(err, counter.ErrUnknown):
		fmt.Println("This view may have been counted:", err)
	case err != nil:
		fmt.Println("This view was not counted:", err)
	default:
		fmt.Printf("This page was viewed %d times.\n", views)
	}
}

// A server that is out of reach fails no start: the store works once it is there.
func ExampleOpen_outOfReach() {
	ctx := context.Background()
	store, err := counterredis.Open(ctx, "redis://127.0.0.1:1", counterredis.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	_, err = counter.Inc(ctx, store, "views:/")
	fmt.Println("counted:", err == nil, "maybe counted:", errors.Is(err, counter.ErrUnknown))
	// Output: counted: false maybe counted: false
}

// A mistake in the URL never shows its password.
func ExampleOpen_badURL() {
	_, err := counterredis.Open(context.Background(), "redis://:s3cret@a:6379,b:6379", counterredis.Options{})
	fmt.Println(errors.Is(err, counterredis.ErrURL))
	fmt.Println(err)
	// Output:
	// true
	// counterredis: bad URL: it names several hosts, joined by commas; it should be like redis://user:password@host:6379/0, rediss://… for TLS, unix:///path/to/redis.sock, redis://user:password@node1:6379?addr=node2:6379 for a Cluster, or redis://sentinel1:26379/0?addr=sentinel2:26379&master_name=name&username=user&password=password for Sentinel, with special characters of passwords percent-escaped
}

// A program that has a client already gives it to the store and closes it itself.
func ExampleNew() {
	opts, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	opts.ContextTimeoutEnabled = true // deadlines are kept
	client := redis.NewClient(opts)
	defer client.Close()
	store, err := counterredis.New(client, counterredis.Options{Prefix: "views:"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(counter.Inc(context.Background(), store, "/")) // the key is views:/
}
