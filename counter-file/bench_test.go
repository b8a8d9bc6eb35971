package counterfile_test

import (
	"fmt"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// A commit carries what callers have added meanwhile: one counter's batch for a single
// page, a thousand at most.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		for name, hour := range map[string]counter.Hour{"total": 0, "history": counter.HourOf(time.Now())} {
			b.Run(fmt.Sprintf("batches=%d/%s", n, name), func(b *testing.B) {
				store := open(b, newPath(b))
				batches := make([]counter.Batch, n)
				for i := range batches {
					batches[i] = counter.Batch{Name: fmt.Sprintf("views:example.com/page/%d", i), Writer: "w", Delta: 1, Hour: hour}
				}
				b.ReportAllocs()
				for b.Loop() {
					for i := range batches {
						batches[i].Sum++
					}
					for _, result := range store.Apply(b.Context(), batches) {
						if result.Err != nil {
							b.Fatal(result.Err)
						}
					}
				}
			})
		}
	}
}
