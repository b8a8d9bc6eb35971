package countertest

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

func wantBring(t *testing.T, m mover, name, source string, total, added int64, past ...counter.Bucket) {
	t.Helper()
	if got, err := m.Bring(t.Context(), name, source, total, past); err != nil || got != added {
		t.Fatalf("Bring(%q, %q, %d, %v) = %d, %v; want %d", name, source, total, past, got, err, added)
	}
}

func wantBrought(t *testing.T, m mover, name, source string, want int64) {
	t.Helper()
	if got, err := m.Brought(t.Context(), name, source); err != nil || got != want {
		t.Fatalf("Brought(%q, %q) = %d, %v; want %d", name, source, got, err, want)
	}
}

// A source adds its total once, with its history, and later what it has grown by.
func testBring(t *testing.T, m mover) {
	day := yesterday()
	past := []counter.Bucket{ofHour(day+1, 4), ofDay(longAgo, 5), ofHour(day, 1)}
	history := []counter.Bucket{ofDay(longAgo, 5), ofHour(day, 1), ofHour(day+1, 7)}
	wantApply(t, m.Fixture, timed("a", "w", 3, 3, day+1), 3)
	wantBrought(t, m, "a", "s", 0)
	wantBring(t, m, "a", "s", 20, 20, past...)
	for range 2 {
		wantBring(t, m, "a", "s", 20, 0, past...)
		wantBring(t, m, "a", "s", 10, 0, past...) // less
		wantBring(t, m, "a", "s", 0, 0)
		wantBrought(t, m, "a", "s", 20)
		wantGet(t, m.Store, "a", 23)
		wantHistory(t, m, "a", history...)
	}
	wantBring(t, m, "a", "s", 25, 5, past...)
	wantBring(t, m, "a", "s", 25, 0)
	wantBrought(t, m, "a", "s", 25)
	wantHistory(t, m, "a", history...)
	wantBring(t, m, "a", "another", 2, 2, ofHour(day, 2)) // source
	wantBring(t, m, "b", "s", 7, 7)                       // counter
	wantList(t, m.Store, "", map[string]int64{"a": 30, "b": 7})
	wantHistory(t, m, "a", history[0], ofHour(day, 3), history[2])
	wantHistory(t, m, "b")
	set(t, m.Store, "a", 1) // forgets nothing
	wantBring(t, m, "a", "s", 26, 1)
	wantGet(t, m.Store, "a", 2)
}

func testBringNothing(t *testing.T, m mover) {
	wantBring(t, m, "a", "s", 0, 0)
	wantList(t, m.Store, "", map[string]int64{})
	past := []counter.Bucket{ofHour(yesterday(), 2)}
	wantBring(t, m, "a", "s", 3, 3, past...)
	wantHistory(t, m, "a", past...)
}

// A counter that is removed forgets its sources.
func testBringAfterRemoval(t *testing.T, m mover) {
	past := []counter.Bucket{ofHour(yesterday(), 2)}
	for range 2 { // the second time as if it were the first
		wantBring(t, m, "a", "s", 10, 10, past...)
		wantBring(t, m, "a", "s", 10, 0, past...)
		wantHistory(t, m, "a", past...)
		set(t, m.Store, "a", 0)
		wantBrought(t, m, "a", "s", 0)
	}
	wantList(t, m.Store, "", map[string]int64{})
}

func testBringBad(t *testing.T, m mover) {
	hour := yesterday() + 5
	wantAdd(t, m.Store, "a", 1, 1)
	for _, bad := range []struct {
		total int64
		past  []counter.Bucket
		err   error
	}{
		{-1, nil, counter.ErrDelta},
		{math.MinInt64, nil, counter.ErrDelta},
		{4, []counter.Bucket{ofHour(hour, 2), ofHour(hour+1, 3)}, counter.ErrDelta},
		{9, []counter.Bucket{ofHour(hour, 2), ofHour(hour, 3)}, counter.ErrBucket},
		{9, []counter.Bucket{ofHour(hour, -2)}, counter.ErrBucket},
		{math.MaxInt64, []counter.Bucket{ofHour(hour, math.MaxInt64), ofHour(hour+1, 1)}, counter.ErrOverflow},
	} {
		_, err := m.Bring(t.Context(), "a", "s", bad.total, bad.past)
		wantErr(t, fmt.Sprintf("Bring of %d with %v", bad.total, bad.past), err, bad.err)
		wantGet(t, m.Store, "a", 1)
		wantHistory(t, m, "a")
		wantBrought(t, m, "a", "s", 0)
	}
}

func testBringOverflow(t *testing.T, m mover) {
	hour := yesterday() + 5
	set(t, m.Store, "a", math.MaxInt64-5)
	_, err := m.Bring(t.Context(), "a", "s", 6, []counter.Bucket{ofHour(hour, 6)})
	wantErr(t, "Bring of too much", err, counter.ErrOverflow)
	wantGet(t, m.Store, "a", math.MaxInt64-5)
	wantHistory(t, m, "a")
	wantBrought(t, m, "a", "s", 0)
	wantBring(t, m, "a", "s", 5, 5, ofHour(hour, 5))
	_, err = m.Bring(t.Context(), "a", "s", math.MaxInt64, nil)
	wantErr(t, "Bring of much more", err, counter.ErrOverflow)
	wantBrought(t, m, "a", "s", 5)

	set(t, m.Store, "a", 1)
	setHistory(t, m, "a", ofHour(hour, math.MaxInt64-1))
	_, err = m.Bring(t.Context(), "a", "other", 5, []counter.Bucket{ofHour(hour+1, 2)})
	wantErr(t, "Bring of too much for a day", err, counter.ErrOverflow)
	wantGet(t, m.Store, "a", 1)
	wantHistory(t, m, "a", ofHour(hour, math.MaxInt64-1))
	wantBrought(t, m, "a", "other", 0)
}

// Each pair of a counter and a source is remembered separately, whatever their names, and is not
// itself a counter.
func testBringHardSources(t *testing.T, m mover) {
	names := []string{"a", "{a}", "*", "a b", "ä"}
	want := map[string]int64{}
	for range 2 {
		for n, name := range names {
			for s, source := range hardNames() {
				total, added := int64(1+n*1000+s), int64(0)
				if brought, err := m.Brought(t.Context(), name, source); err != nil || brought != 0 && brought != total {
					t.Fatalf("Brought(%q, %q) = %d, %v", name, source, brought, err)
				} else if brought == 0 {
					added = total
				}
				wantBring(t, m, name, source, total, added)
				want[name] += added
			}
		}
		wantList(t, m.Store, "", want)
	}
}

// However many callers bring the same total at once, it is added once. If they bring different
// totals of one source, together they add the largest.
func testBringConcurrently(t *testing.T, m mover) {
	day := yesterday()
	past := []counter.Bucket{ofHour(day, 4)}
	for name, totalOf := range map[string]func(i int) int64{
		"same": func(int) int64 { return 10 },
		"more": func(i int) int64 { return int64(10 + i%4) },
	} {
		var sum atomic.Int64
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				added, err := m.Bring(t.Context(), name, "s", totalOf(i), past)
				if err != nil && !errors.Is(err, counter.ErrUnknown) {
					t.Errorf("Bring: %v", err)
				}
				sum.Add(added)
			})
		}
		wg.Wait()
		if got := sum.Load(); got != totalOf(3) {
			t.Errorf("%q: %d were added in all; want %d", name, got, totalOf(3))
		}
		wantGet(t, m.Store, name, totalOf(3))
		wantHistory(t, m, name, past...)
	}
}
