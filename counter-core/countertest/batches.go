package countertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// A batch that fails does not affect those before and after it in the slice.
func testSomeFail(t *testing.T, a Fixture) {
	long := strings.Repeat("x", counter.MaxNameLen+1)
	set(t, a.Store, "full", math.MaxInt64)
	wantApply(t, a, batch("late", "w", 10, 10), 10)
	wantApply(t, a, batch("later", "w", 10, 10), 10)
	batches := []counter.Batch{batch("good", "w", 1, 1)}
	wants := []error{nil}
	for _, bad := range []struct {
		batch counter.Batch
		err   error
	}{
		{batch("", "w", 1, 1), counter.ErrName},
		{batch("a\nb", "w", 1, 1), counter.ErrName},
		{batch("\xff", "w", 1, 1), counter.ErrName},
		{batch(long, "w", 1, 1), counter.ErrName},
		{batch("bad:0", "", 1, 1), counter.ErrName},
		{batch("bad:1", "a\x00", 1, 1), counter.ErrName},
		{batch("bad:2", "a\xc3", 1, 1), counter.ErrName},
		{batch("bad:3", long, 1, 1), counter.ErrName},
		{batch("bad:4", "w", -1, 1), counter.ErrDelta},
		{batch("bad:5", "w", math.MinInt64, 1), counter.ErrDelta},
		{batch("bad:6", "w", 2, 1), counter.ErrDelta},
		{batch("bad:7", "w", 0, -1), counter.ErrDelta},
		{batch("bad:8", "w", 1, counter.MaxSum+1), counter.ErrDelta},
		{batch("bad:9", "w", 0, math.MaxInt64), counter.ErrDelta},
		{batch("full", "w", 1, 1), counter.ErrOverflow},
		{batch("late", "w", 1, 9), counter.ErrStale},
		{batch("later", "w", 11, 11), counter.ErrStale},
	} {
		good := fmt.Sprintf("good:%d", len(batches))
		batches = append(batches, bad.batch, batch(good, "w", 1, 1))
		wants = append(wants, bad.err, nil)
	}
	want := map[string]int64{"full": math.MaxInt64, "late": 10, "later": 10}
	for i, result := range apply(t, a, batches...) {
		if wants[i] == nil {
			wantResult(t, batches[i], result, 1, 0)
			want[batches[i].Name] = 1
		} else {
			wantErr(t, fmt.Sprintf("Apply(%#v)", batches[i]), result.Err, wants[i])
		}
	}
	wantList(t, a.Store, "", want)
	wantApply(t, a, batch("bad:4", "w", 1, 1), 1)
}

func testNoBatches(t *testing.T, a Fixture) {
	apply(t, a)
	apply(t, a, []counter.Batch{}...)
	wantList(t, a.Store, "", map[string]int64{})
}

// More batches than a backend sends at once.
func testManyBatches(t *testing.T, a Fixture) {
	const counters = 2000
	var batches []counter.Batch
	want := map[string]int64{}
	for i := range int64(counters) {
		name := fmt.Sprintf("views:%d", i)
		batches = append(batches, batch(name, "w", i+1, i+1))
		want[name] = i + 1
	}
	for range 2 {
		for i, result := range apply(t, a, batches...) {
			wantResult(t, batches[i], result, int64(i)+1, 0)
		}
		wantList(t, a.Store, "", want)
	}
}

// Each pair of a counter and a writer has a record of its own, and no record is
// a counter.
func testHardNamesAndWriters(t *testing.T, a Fixture) {
	longest := strings.Repeat("y", counter.MaxNameLen)
	names := append(hardNames(), longest)
	totals := make([]int64, len(names))
	want := map[string]int64{}
	for w, writer := range names {
		var batches []counter.Batch
		for n, name := range names {
			delta := int64(1 + w*len(names) + n) // no two are equal, so the record of another pair shows
			batches = append(batches, batch(name, writer, delta, delta))
			totals[n] += delta
			want[name] = totals[n]
		}
		for range 2 {
			for n, result := range apply(t, a, batches...) {
				wantResult(t, batches[n], result, totals[n], 0)
			}
		}
	}
	wantList(t, a.Store, "", want)
}

// span is the values from+1 to to.
type span struct{ from, to int64 }

// Batches arrive many times and late, with plain additions in between. Every value up to the last
// is still handed out exactly once.
func testApplyConcurrently(t *testing.T, a Fixture) {
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

// applyCopies applies n batches of one writer from several goroutines, each at its own pace, and
// returns the values they added. Each begins with the first batch, so that the store's record is
// never further behind.
func applyCopies(t *testing.T, a Fixture, writer string, n int) []span {
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

// applyInTurn applies each batch a few times, and returns the total that each makes. It is zero if
// only a late copy arrived.
func applyInTurn(t *testing.T, a Fixture, batches []counter.Batch) []int64 {
	totals := make([]int64, len(batches))
	for i, b := range batches {
		for range oneTo(3) {
			result := a.Store.Apply(t.Context(), []counter.Batch{b})[0]
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

// addUntil adds until done is closed, and returns the values it added.
func addUntil(t *testing.T, a Fixture, done <-chan struct{}) []span {
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

func testApplyEndedContext(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantAllErr(ctx, t, a, context.Canceled)
	wantList(t, a.Store, "", map[string]int64{"a": 10})
	wantHeal(t, a, batch("a", "w", 1, 20), 20, 9) // nothing was forgotten either
	wantApply(t, a, batch("b", "w", 0, 10), 0)
}

func testApplyAfterClose(t *testing.T, a Fixture) {
	wantApply(t, a, batch("a", "w", 10, 10), 10)
	if err := a.Store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	wantAllErr(t.Context(), t, a, counter.ErrClosed)
}

// wantAllErr applies batches, all of which must fail.
func wantAllErr(ctx context.Context, t *testing.T, a Fixture, want error) {
	t.Helper()
	batches := []counter.Batch{batch("a", "w", 1, 11), batch("b", "w", 5, 5), batch("c", "w", 0, 0)}
	results := a.Store.Apply(ctx, batches)
	if len(results) != len(batches) {
		t.Fatalf("Apply returns %d results for %d batches", len(results), len(batches))
	}
	for i, result := range results {
		wantErr(t, fmt.Sprintf("Apply(%#v)", batches[i]), result.Err, want)
	}
}

// A batch that Close overtakes is counted, or its error says that the store is closed or that the
// outcome is unknown. Every call ends without a panic.
func testCloseWhileApplying(t *testing.T, a Fixture) {
	closeDuring(t, a.Store, "Apply", func(writer int, sum int64) error {
		return a.Store.Apply(t.Context(), []counter.Batch{batch("a", fmt.Sprint(writer), 1, sum)})[0].Err
	})
}
