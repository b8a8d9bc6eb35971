package counterredis_test

import (
	"fmt"
	"testing"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// BenchmarkAdd compares an addition with a bare INCR of go-redis.
func BenchmarkAdd(b *testing.B) {
	client := redistest.Start(b, "--appendonly", "no").Client()
	store := counterredis.New(client, counterredis.Options{})
	for _, parallelism := range []int{1, 64} {
		run := func(name string, add func() error) {
			b.Run(fmt.Sprintf("parallelism=%d/%s", parallelism, name), func(b *testing.B) {
				b.SetParallelism(parallelism) // callers for each CPU
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := add(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
		run("baseline", func() error { return client.Incr(b.Context(), "bare").Err() })
		run("store", func() error { _, err := counter.Inc(b.Context(), store, "stored"); return err })
	}
}
