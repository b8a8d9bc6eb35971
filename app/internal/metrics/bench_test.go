package metrics_test

import (
	"testing"
	"time"

	"example.com/herokuapp/app/internal/metrics"
	"example.com/herokuapp/app/internal/web"
	"example.com/herokuapp/counter-core/counterhttp"
	countermemory "example.com/herokuapp/counter-memory"
)

// BenchmarkObserve is what measuring adds to a request.
func BenchmarkObserve(b *testing.B) {
	observer := metrics.New("", "").Meter()(web.Route{Path: "/", Surface: "page"})
	b.ReportAllocs()
	b.RunParallel(func(loop *testing.PB) {
		for loop.Next() {
			observer.Observe(200, counterhttp.Counted, time.Millisecond)
		}
	})
}

// BenchmarkAdd is an addition in memory, with and without measuring it.
func BenchmarkAdd(b *testing.B) {
	for name, measured := range map[string]*metrics.Metrics{"bare": nil, "measured": metrics.New("", "")} {
		b.Run(name, func(b *testing.B) {
			store := measured.Backend(countermemory.New())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.Add(b.Context(), "a", 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
