package countertest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// span is the values from+1 to to.
type span struct{ from, to int64 }

// Writers' batches come many times and late, with plain additions in between:
// every value up to the last is handed out exactly once.
func testApplyConcurrently(t *testing.T, a applier) {
	const writers, adders, batches = 16, 2, 100
	handedOut := make([][]span, writers+adders)
	var applying, adding sync.WaitGroup
	for w := range writers {
		applying.Go(func() { handedOut[w] = applyCopies(t, a, fmt.Sprint(w), batches) })
	}
	done := make(chan struct{})
	for i := range adders {
		adding.Go(func() { handedOut[writers+i] = addUntil(t, a, done) })
	}
	applying.Wait()
	close(done)
	adding.Wait()
	if t.Failed() {
		return
	}

	spans := slices.SortedFunc(slices.Values(slices.Concat(handedOut...)), func(x, y span) int { return cmp.Compare(x.to, y.to) })
	last := int64(0)
	for _, s := range spans {
		if s.from != last {
			t.Fatalf("values %d to %d are handed out after %d", s.from+1, s.to, last)
		}
		last = s.to
	}
	wantGet(t, a.Store, "hot", last)
}

// applyCopies applies n batches of one writer from several goroutines, each at
// its own pace, and returns what they made. Each begins with the first batch, so
// that what the store has recorded is never further behind.
func applyCopies(t *testing.T, a applier, writer string, n int) []span {
	const copies = 3
	var batches []counter.Batch
	var sum int64
	for range n {
		delta := oneTo(9)
		sum += delta
		batches = append(batches, batch("hot", writer, delta, sum))
	}
	var totals [copies][]int64
	var wg sync.WaitGroup
	for c := range copies {
		wg.Go(func() { totals[c] = applyInTurn(t, a, batches) })
	}
	wg.Wait()
	if t.Failed() {
		return nil
	}

	made := make([]span, n)
	for i, b := range batches {
		for c := range copies {
			total := totals[c][i]
			if total == 0 || total == made[i].to {
				continue
			}
			if made[i].to != 0 {
				t.Errorf("Apply(%#v) makes the total %d and the total %d", b, made[i].to, total)
			}
			made[i] = span{total - b.Delta, total}
		}
		if made[i].to == 0 {
			t.Errorf("Apply(%#v) is stale for all who try it; want it applied once", b)
		}
	}
	return made
}

// applyInTurn applies the batches, each some times, and returns the total each
// makes, zero if only a late copy of it came.
func applyInTurn(t *testing.T, a applier, batches []counter.Batch) []int64 {
	totals := make([]int64, len(batches))
	for i, b := range batches {
		for range oneTo(3) {
			result := a.Apply(t.Context(), []counter.Batch{b})[0]
			if errors.Is(result.Err, counter.ErrStale) {
				continue
			}
			if result.Err != nil || result.Healed != 0 || totals[i] != 0 && result.Total != totals[i] {
				t.Errorf("Apply(%#v) = %+v; want no error, nothing healed and the total it made before, if any: %d", b, result, totals[i])
				return nil
			}
			totals[i] = result.Total
		}
	}
	return totals
}

// addUntil adds until done is closed and returns what it made.
func addUntil(t *testing.T, a applier, done <-chan struct{}) []span {
	var made []span
	for {
		select {
		case <-done:
			return made
		default:
		}
		delta := oneTo(9)
		value, err := a.Store.Add(t.Context(), "hot", delta)
		if err != nil {
			t.Errorf("Add: %v", err)
			return nil
		}
		made = append(made, span{value - delta, value})
	}
}

func oneTo(n int64) int64 { return 1 + rand.Int64N(n) } //nolint:gosec // no secret
