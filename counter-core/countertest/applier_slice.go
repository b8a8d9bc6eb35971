package countertest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// A batch that fails leaves those before and after it in the slice alone.
func testSomeFail(t *testing.T, a applier) {
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

func testNoBatches(t *testing.T, a applier) {
	apply(t, a)
	apply(t, a, []counter.Batch{}...)
	wantList(t, a.Store, "", map[string]int64{})
}

// More than a backend sends at once.
func testManyBatches(t *testing.T, a applier) {
	const counters = 2000
	var batches, lost []counter.Batch
	want := map[string]int64{}
	for i := range int64(counters) {
		name := fmt.Sprintf("views:%d", i)
		batches = append(batches, batch(name, "w", i+1, i+1))
		lost = append(lost, batch(name, "w", 1, i+10))
		want[name] = i + 1
	}
	for range 2 {
		for i, result := range apply(t, a, batches...) {
			wantResult(t, batches[i], result, int64(i)+1, 0)
		}
		wantList(t, a.Store, "", want)
	}
	forget(t, a, batches...)
	for i, result := range apply(t, a, lost...) {
		wantResult(t, lost[i], result, int64(i)+2, 0)
	}
}

// Each pair of a counter and a writer has a record of its own, and no record is
// a counter.
func testHardNamesAndWriters(t *testing.T, a applier) {
	longest := strings.Repeat("y", counter.MaxNameLen)
	names := append(hardNames(), longest)
	totals := make([]int64, len(names))
	want := map[string]int64{}
	for w, writer := range names {
		var batches []counter.Batch
		for n, name := range names {
			delta := int64(1 + w*len(names) + n) // no two alike, so a record of another pair shows
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
	for _, writer := range names {
		forget(t, a, batch("a", writer, 0, 0))
		wantApply(t, a, batch("a", writer, 0, 0), want["a"])
	}
	wantList(t, a.Store, "", want)
}
