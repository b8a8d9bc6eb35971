package countermemory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// BenchmarkAdd adds from many goroutines to one hot counter and to many, with
// a map behind a mutex for comparison.
func BenchmarkAdd(b *testing.B) {
	for _, counters := range []int{1, 10_000} {
		names := make([]string, counters)
		for i := range names {
			names[i] = fmt.Sprintf("views:/page/%d", i)
		}
		b.Run(fmt.Sprintf("counters=%d", counters), func(b *testing.B) {
			b.Run("baseline", func(b *testing.B) { benchmarkAdd(b, new(mutexMap).add, names) })
			b.Run("store", func(b *testing.B) {
				store := countermemory.New()
				benchmarkAdd(b, store.Add, names)
			})
		})
	}
}

func benchmarkAdd(b *testing.B, add func(context.Context, string, int64) (int64, error), names []string) {
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		i := rand.IntN(len(names))
		for pb.Next() {
			if _, err := add(b.Context(), names[i], 1); err != nil {
				b.Error(err)
				return
			}
			if i++; i == len(names) {
				i = 0
			}
		}
	})
}

// mutexMap is the plain way to do it, with the checks every store makes.
type mutexMap struct {
	mu     sync.Mutex
	values map[string]int64
}

func (m *mutexMap) add(ctx context.Context, name string, delta int64) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := counter.CheckDelta(delta); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string]int64{}
	}
	m.values[name] += delta
	return m.values[name], nil
}
