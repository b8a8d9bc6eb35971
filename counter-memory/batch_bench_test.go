package countermemory_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// BenchmarkApply applies batches one by one, from as many writers as there are
// processors, to one hot counter and to many, without and with a history, and with Add for
// comparison.
func BenchmarkApply(b *testing.B) {
	for _, counters := range []int{1, 10_000} {
		names := make([]string, counters)
		for i := range names {
			names[i] = fmt.Sprintf("views:/page/%d", i)
		}
		b.Run(fmt.Sprintf("counters=%d", counters), func(b *testing.B) {
			b.Run("baseline", func(b *testing.B) { benchmarkWriters(b, names, newAdder) })
			b.Run("store", func(b *testing.B) { benchmarkWriters(b, names, newWriter(0)) })
			b.Run("history", func(b *testing.B) { benchmarkWriters(b, names, newWriter(counter.HourOf(time.Now()))) })
		})
	}
}

// benchmarkWriters adds one at a time through what open returns for each writer.
func benchmarkWriters(b *testing.B, names []string, open func(store *countermemory.Store, names []string, id string) add) {
	store := countermemory.New()
	var writers atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		add := open(store, names, fmt.Sprint(writers.Add(1)))
		for i := 0; pb.Next(); i++ {
			if err := add(b.Context(), i%len(names)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// add adds one to the counter of that index.
type add func(ctx context.Context, i int) error

func newAdder(store *countermemory.Store, names []string, _ string) add {
	return func(ctx context.Context, i int) error {
		_, err := counter.Inc(ctx, store, names[i])
		return err
	}
}

// newWriter returns a writer of batches of the hour.
func newWriter(hour counter.Hour) func(store *countermemory.Store, names []string, id string) add {
	return func(store *countermemory.Store, names []string, id string) add {
		sums := make([]int64, len(names))
		batches := make([]counter.Batch, 1)
		return func(ctx context.Context, i int) error {
			sums[i]++
			batches[0] = counter.Batch{Name: names[i], Writer: id, Delta: 1, Sum: sums[i], Hour: hour}
			return store.Apply(ctx, batches)[0].Err
		}
	}
}
