package coalesce_test

import (
	"context"
	"testing"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// BenchmarkAdd is what gathering costs a lone caller, over a store that costs
// next to nothing.
func BenchmarkAdd(b *testing.B) {
	l := newLedger()
	l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
		return commit(batches)
	})
	b.Run("baseline", func(b *testing.B) {
		batches := []counter.Batch{{Name: "a", Writer: "w"}}
		b.ReportAllocs()
		for b.Loop() {
			batches[0].Delta, batches[0].Sum = 1, batches[0].Sum+1
			l.commit(batches)
		}
	})
	for name, opts := range map[string]coalesce.Options{"gathered": {}, "history": {History: true}} {
		b.Run(name, func(b *testing.B) {
			opts.Wait = patient
			s := coalesce.New(l, opts)
			ctx := context.WithoutCancel(b.Context()) // as package counterhttp calls it
			b.ReportAllocs()
			for b.Loop() {
				if _, err := counter.Inc(ctx, s, "b"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
