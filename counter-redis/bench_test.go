package counterredis_test

import (
	"testing"

	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// BenchmarkAdd adds to one counter from one goroutine and from 16 for each
// processor, with the plain INCR of go-redis for comparison. The server writes
// nothing to disk.
func BenchmarkAdd(b *testing.B) {
	client := redistest.Start(b, "--appendonly", "no").Client()
	store := newStore(b, client, counterredis.Options{})
	adds := []struct {
		name string
		add  func() error
	}{
		{"baseline", func() error { return client.Incr(b.Context(), "a").Err() }},
		{"store", func() error { _, err := store.Add(b.Context(), "a", 1); return err }},
	}
	b.Run("serial", func(b *testing.B) {
		for _, test := range adds {
			b.Run(test.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := test.add(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
	b.Run("parallel", func(b *testing.B) {
		for _, test := range adds {
			b.Run(test.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetParallelism(16)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := test.add(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	})
}
