package countertest

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// historian is a backend under test that keeps a history.
type historian struct {
	Fixture
	counter.Historian
}

// RunHistorian tests that the stores that open returns, or those within, keep the contract
// of [counter.Historian], and of [counter.BulkHistorian] if they are one. They keep the hours of a day for a week at least, and each has
// [Fixture].ExpireHours. Run it beside [RunBackend], under the race detector.
func RunHistorian(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, historian)
	}{
		{"Hours", testHours},
		{"NoHistory", testNoHistory},
		{"RepeatedHour", testRepeatedHour},
		{"HealedHour", testHealedHour},
		{"RefusedHour", testRefusedHour},
		{"HistoryWiped", testHistoryWiped},
		{"BatchWithoutHour", testBatchWithoutHour},
		{"SetAndHistory", testSetAndHistory},
		{"OldHours", testOldHours},
		{"ExpireHours", testExpireHours},
		{"HourAfterExpiry", testHourAfterExpiry},
		{"Ranges", testRanges},
		{"SetHistory", testSetHistory},
		{"SetLongHistory", testSetLongHistory},
		{"SetOldHistory", testSetOldHistory},
		{"BadBuckets", testBadBuckets},
		{"HistoryOverflow", testHistoryOverflow},
		{"ManyHistories", testManyHistories},
		{"Histories", testHistories},
		{"HistoriesOfOneName", testHistoriesOfOneName},
		{"Days", testDays},
		{"DaysExpired", testDaysExpired},
		{"HardNamesWithHistory", testHardNamesWithHistory},
		{"ListWithHistory", testListWithHistory},
		{"HistoryStops", testHistoryStops},
		{"ApplyInHistory", testApplyInHistory},
		{"HistoryWhileApplying", testHistoryWhileApplying},
		{"SetWhileApplying", testSetWhileApplying},
		{"HistoryBadNames", testHistoryBadNames},
		{"HistoryEndedContext", testHistoryEndedContext},
		{"HistoryStalled", testHistoryStalled},
		{"HistoryAfterClose", testHistoryAfterClose},
	} {
		t.Run(test.name, func(t *testing.T) {
			fixture := open(t)
			closeAtEnd(t, fixture.Store)
			h, ok := counter.As[counter.Historian](fixture.Store)
			if !ok || fixture.ExpireHours == nil {
				t.Fatal("the store is not a counter.Historian, or its Fixture has no ExpireHours")
			}
			test.run(t, historian{fixture, h})
		})
	}
}

// yesterday returns the first hour of the day before this one. Whatever the time is, its
// hours have begun and are kept.
func yesterday() counter.Hour { return counter.HourOf(time.Now()).Day() - counter.DayHours }

// longAgo is the first hour of a day so old that no store still keeps its hours.
const longAgo = 11_000 * counter.DayHours

// timed is batch with an hour.
func timed(name, writer string, delta, sum int64, hour counter.Hour) counter.Batch {
	b := batch(name, writer, delta, sum)
	b.Hour = hour
	return b
}

func ofHour(hour counter.Hour, count int64) counter.Bucket {
	return counter.Bucket{Start: hour, Hours: 1, Count: count}
}

func ofDay(hour counter.Hour, count int64) counter.Bucket {
	return counter.Bucket{Start: hour.Day(), Hours: counter.DayHours, Count: count}
}

// buckets collects what History yields.
func buckets(ctx context.Context, h counter.Historian, name string, from, to counter.Hour) (all []counter.Bucket, err error) {
	for bucket, bad := range h.History(ctx, name, from, to) {
		if err != nil {
			return all, errors.Join(err, errors.New("more is yielded after that error"))
		}
		if err = bad; err == nil {
			all = append(all, bucket)
		}
	}
	return all, err
}

// wantHistory fails unless these buckets are the whole history.
func wantHistory(t *testing.T, h counter.Historian, name string, want ...counter.Bucket) {
	t.Helper()
	wantBetween(t, h, name, 0, counter.MaxHour, want...)
}

func wantBetween(t *testing.T, h counter.Historian, name string, from, to counter.Hour, want ...counter.Bucket) {
	t.Helper()
	got, err := buckets(t.Context(), h, name, from, to)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("the history of %q from %d to %d is, as start, hours and count, %v, %v; want %v", name, from, to, got, err, want)
	}
}

func setHistory(t *testing.T, h counter.Historian, name string, buckets ...counter.Bucket) {
	t.Helper()
	if err := h.SetHistory(t.Context(), name, buckets); err != nil {
		t.Fatalf("SetHistory(%q, %v): %v", name, buckets, err)
	}
}

// Each batch counts in its own hour, whichever writer sends it and in whatever order.
func testHours(t *testing.T, h historian) {
	day := yesterday()
	wantApply(t, h.Fixture, timed("a", "w", 2, 2, day+3), 2)
	wantApply(t, h.Fixture, timed("a", "w", 3, 5, day+3), 5)
	wantApply(t, h.Fixture, timed("a", "v", 5, 5, day+3), 10)
	wantApply(t, h.Fixture, timed("a", "v", 1, 6, day+23), 11)
	wantApply(t, h.Fixture, timed("a", "w", 4, 9, day), 15)
	wantApply(t, h.Fixture, timed("a", "u", 9, 9, day-1), 24)
	wantApply(t, h.Fixture, timed("b", "w", 7, 7, day+3), 7)
	wantGet(t, h.Store, "a", 24)
	wantHistory(t, h, "a", ofHour(day-1, 9), ofHour(day, 4), ofHour(day+3, 10), ofHour(day+23, 1))
	wantHistory(t, h, "b", ofHour(day+3, 7))
}

func testNoHistory(t *testing.T, h historian) {
	wantHistory(t, h, "a")
	wantAdd(t, h.Store, "a", 5, 5)
	wantHistory(t, h, "a")
	setHistory(t, h, "b")
	wantHistory(t, h, "b")
	wantList(t, h.Store, "", map[string]int64{"a": 5})
}

// Neither a repeat nor a late copy counts in an hour again.
func testRepeatedHour(t *testing.T, h historian) {
	hour := yesterday() + 5
	first, second := timed("a", "w", 10, 10, hour), timed("a", "w", 1, 11, hour+1)
	for range 3 {
		wantApply(t, h.Fixture, first, 10)
		wantHistory(t, h, "a", ofHour(hour, 10))
	}
	for range 3 {
		wantApply(t, h.Fixture, second, 11)
		wantHistory(t, h, "a", ofHour(hour, 10), ofHour(hour+1, 1))
	}
	wantRefused(t, h.Fixture, first, counter.ErrStale)
	wantHistory(t, h, "a", ofHour(hour, 10), ofHour(hour+1, 1))
}

// What is healed counts in the hour of the batch that heals it. An empty batch that heals nothing
// counts in none.
func testHealedHour(t *testing.T, h historian) {
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 0, 0, hour-1), 0)
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	wantApply(t, h.Fixture, timed("a", "w", 0, 10, hour+1), 10)
	wantHistory(t, h, "a", ofHour(hour, 10))
	wantHeal(t, h.Fixture, timed("a", "w", 1, 20, hour+2), 20, 9)
	wantHistory(t, h, "a", ofHour(hour, 10), ofHour(hour+2, 10))
	wantHeal(t, h.Fixture, timed("a", "w", 0, 25, hour+3), 25, 5)
	for range 2 {
		wantApply(t, h.Fixture, timed("a", "w", 0, 25, hour+3), 25)
		wantHistory(t, h, "a", ofHour(hour, 10), ofHour(hour+2, 10), ofHour(hour+3, 5))
	}
	wantApply(t, h.Fixture, timed("b", "w", 0, 10, hour), 0)
	wantHistory(t, h, "b")
	wantList(t, h.Store, "", map[string]int64{"a": 25})
}

// A refused batch counts in no hour, and does not keep the next one from counting.
func testRefusedHour(t *testing.T, h historian) {
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	for _, refused := range []struct {
		batch counter.Batch
		err   error
	}{
		{timed("a", "w", 11, 11, hour), counter.ErrStale},
		{timed("a", "v", math.MaxInt64, math.MaxInt64, hour), counter.ErrOverflow},
		{timed("a", "w", math.MaxInt64-10, math.MaxInt64, hour), counter.ErrDelta},
		{timed("a", "v", 1, 1, -1), counter.ErrDelta},
		{timed("a", "v", 1, 1, counter.MaxHour+1), counter.ErrDelta},
		{timed("a", "v", 1, 1, math.MaxInt64), counter.ErrDelta},
		{timed("a", "v", 1, 1, math.MinInt64), counter.ErrDelta},
		{timed("a", "", 1, 1, hour), counter.ErrName},
	} {
		wantRefused(t, h.Fixture, refused.batch, refused.err)
		wantHistory(t, h, "a", ofHour(hour, 10))
	}
	wantApply(t, h.Fixture, timed("a", "v", 1, 1, hour), 11)
	wantApply(t, h.Fixture, timed("a", "w", 1, 11, counter.MaxHour), 12)
	wantHistory(t, h, "a", ofHour(hour, 11), ofHour(counter.MaxHour, 1))
}

// Lost additions are missing from the history, too.
func testHistoryWiped(t *testing.T, h historian) {
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	h.Wipe(t)
	wantHistory(t, h, "a")
	wantApply(t, h.Fixture, timed("a", "w", 1, 11, hour), 1)
	wantHistory(t, h, "a", ofHour(hour, 1))
}

// Neither a batch without an hour nor what it heals changes the history.
func testBatchWithoutHour(t *testing.T, h historian) {
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	wantApply(t, h.Fixture, batch("a", "v", 5, 5), 15)
	wantHeal(t, h.Fixture, batch("a", "v", 5, 20), 30, 10)
	wantAdd(t, h.Store, "a", 5, 35)
	wantHistory(t, h, "a", ofHour(hour, 10))
}

// Setting a counter does not change its history, unless it removes the counter.
func testSetAndHistory(t *testing.T, h historian) {
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	wantApply(t, h.Fixture, timed("b", "w", 10, 10, hour), 10)
	for _, value := range []int64{100, 10, 1, -5} {
		set(t, h.Store, "a", value)
		wantHistory(t, h, "a", ofHour(hour, 10))
	}
	wantApply(t, h.Fixture, timed("a", "w", 2, 12, hour), -3)
	wantHistory(t, h, "a", ofHour(hour, 12))
	set(t, h.Store, "a", 0)
	wantHistory(t, h, "a")
	set(t, h.Store, "a", 7)
	wantHistory(t, h, "a")
	set(t, h.Store, "a", 0)
	wantApply(t, h.Fixture, timed("a", "new", 1, 1, hour+1), 1)
	wantHistory(t, h, "a", ofHour(hour+1, 1))
	wantHistory(t, h, "b", ofHour(hour, 10))
}

// An hour that is no longer kept counts in its day. The day is in a range that has any of its
// hours.
func testOldHours(t *testing.T, h historian) {
	wantApply(t, h.Fixture, timed("a", "w", 1, 1, longAgo), 1)
	wantApply(t, h.Fixture, timed("a", "w", 2, 3, longAgo+23), 3)
	wantApply(t, h.Fixture, timed("a", "w", 4, 7, longAgo+24), 7)
	wantApply(t, h.Fixture, timed("a", "w", 8, 15, 1), 15)
	wantApply(t, h.Fixture, timed("a", "w", 8, 15, 1), 15)
	wantHistory(t, h, "a", ofDay(0, 8), ofDay(longAgo, 3), ofDay(longAgo+24, 4))
	wantBetween(t, h, "a", longAgo+23, longAgo+23, ofDay(longAgo, 3))
	wantBetween(t, h, "a", longAgo+23, longAgo+24, ofDay(longAgo, 3), ofDay(longAgo+24, 4))
	wantBetween(t, h, "a", longAgo-1, longAgo-1)
	wantBetween(t, h, "a", 23, 23, ofDay(0, 8))
	wantGet(t, h.Store, "a", 15)
}

// When hours have expired, their day stays, with the same count.
func testExpireHours(t *testing.T, h historian) {
	day := yesterday()
	wantApply(t, h.Fixture, timed("a", "w", 1, 1, day-1), 1)
	wantApply(t, h.Fixture, timed("a", "w", 2, 3, day), 3)
	wantApply(t, h.Fixture, timed("a", "w", 4, 7, day+23), 7)
	setHistory(t, h, "b", ofDay(day, 5), ofHour(day+3, 6), ofDay(longAgo, 7))
	h.ExpireHours(t)
	wantHistory(t, h, "a", ofDay(day-1, 1), ofDay(day, 6))
	wantHistory(t, h, "b", ofDay(longAgo, 7), ofDay(day, 11))
	wantBetween(t, h, "a", day+5, day+5, ofDay(day, 6))
	wantGet(t, h.Store, "a", 7)
}

// A batch of a day whose hours are gone counts in the day, whether or not its hour shows.
func testHourAfterExpiry(t *testing.T, h historian) {
	day := yesterday()
	wantApply(t, h.Fixture, timed("a", "w", 1, 1, day), 1)
	h.ExpireHours(t)
	wantApply(t, h.Fixture, timed("a", "w", 2, 3, day), 3)
	got, err := buckets(t.Context(), h, "a", 0, counter.MaxHour)
	if len(got) == 2 {
		got[0].Count += got[1].Count
	}
	if err != nil || len(got) == 0 || got[0] != ofDay(day, 3) {
		t.Errorf("the history is %v, %v; want 3 on the day %d", got, err, day)
	}
}

// A range has the hours from the first to the last. Of a day that it cuts, it also has what belongs
// to none of the day's hours.
func testRanges(t *testing.T, h historian) {
	day := yesterday()
	all := []counter.Bucket{
		ofHour(day-1, 1),
		ofDay(day, 2), ofHour(day, 4), ofHour(day+1, 8), ofHour(day+23, 16),
		ofHour(day+24, 32),
	}
	setHistory(t, h, "a", all...)
	wantHistory(t, h, "a", all...)
	for _, test := range []struct {
		from, to counter.Hour
		want     []counter.Bucket
	}{
		{day - 1, day + 24, all},
		{day, day + 23, all[1:5]},
		{day + 1, day + 22, []counter.Bucket{all[1], all[3]}},
		{day + 5, day + 5, all[1:2]},
		{day + 23, day + 24, []counter.Bucket{all[1], all[4], all[5]}},
		{day - 24, day - 1, all[:1]},
		{day - 24, day - 2, nil},
		{day + 24, counter.MaxHour, all[5:]},
		{day + 25, counter.MaxHour, nil},
		{day + 1, day, nil},
		{0, 0, nil},
	} {
		wantBetween(t, h, "a", test.from, test.to, test.want...)
	}
}

// SetHistory replaces the whole history, in whatever order the buckets are. Batches then add to
// it.
func testSetHistory(t *testing.T, h historian) {
	day := yesterday()
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, day+3), 10)
	setHistory(t, h, "a", ofHour(day+5, 7), ofDay(day-24, 6), ofHour(day+4, 5), ofDay(day, 4), ofHour(longAgo, 3))
	rest := []counter.Bucket{ofDay(longAgo, 3), ofDay(day-24, 6), ofDay(day, 4)}
	wantHistory(t, h, "a", append(rest, ofHour(day+4, 5), ofHour(day+5, 7))...)
	wantGet(t, h.Store, "a", 10)
	wantApply(t, h.Fixture, timed("a", "w", 1, 11, day+4), 11)
	wantApply(t, h.Fixture, timed("a", "w", 1, 12, day-24), 12)
	wantHistory(t, h, "a", rest[0], rest[1], ofHour(day-24, 1), rest[2], ofHour(day+4, 6), ofHour(day+5, 7))
	setHistory(t, h, "a")
	wantHistory(t, h, "a")
	wantGet(t, h.Store, "a", 12)
	wantApply(t, h.Fixture, timed("a", "w", 1, 13, day+4), 13)
	wantHistory(t, h, "a", ofHour(day+4, 1))
}

// longHistory is a history of ten years. In its last week, every hour has a count.
func longHistory() []counter.Bucket {
	const days = 3653
	var all []counter.Bucket
	for i := range counter.Hour(days) {
		day := yesterday() - (days-i)*counter.DayHours
		all = append(all, ofDay(day, int64(i+1)))
		if i < days-5 {
			continue
		}
		for hour := day; hour < day+counter.DayHours; hour++ {
			all = append(all, ofHour(hour, int64(hour)))
		}
	}
	return all
}

func testSetLongHistory(t *testing.T, h historian) {
	all := longHistory()
	setHistory(t, h, "a", ofHour(yesterday(), 1))
	for range 2 {
		setHistory(t, h, "a", all...)
		wantHistory(t, h, "a", all...)
	}
	wantBetween(t, h, "a", all[1000].Start, all[2000].Start, all[1000:2001]...)
	set(t, h.Store, "a", 1)
	set(t, h.Store, "a", 0)
	wantHistory(t, h, "a")
}

// SetHistory adds hours that are no longer kept to their days.
func testSetOldHistory(t *testing.T, h historian) {
	setHistory(t, h, "a", ofHour(longAgo+2, 2), ofHour(longAgo, 1), ofDay(longAgo, 4), ofHour(longAgo+24, 8), ofHour(0, 16))
	wantHistory(t, h, "a", ofDay(0, 16), ofDay(longAgo, 7), ofDay(longAgo+24, 8))
}

func testBadBuckets(t *testing.T, h historian) {
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	for _, bad := range []struct {
		buckets []counter.Bucket
		err     error
	}{
		{[]counter.Bucket{ofHour(hour, 0)}, counter.ErrBucket},
		{[]counter.Bucket{ofHour(hour, 1), ofHour(hour, 1)}, counter.ErrBucket},
		{[]counter.Bucket{ofHour(hour, 1), {Start: hour, Hours: 24, Count: 1}}, counter.ErrBucket},
		{[]counter.Bucket{{Start: hour, Hours: 2, Count: 1}}, counter.ErrBucket},
		{[]counter.Bucket{ofHour(-1, 1)}, counter.ErrBucket},
		{[]counter.Bucket{ofHour(counter.MaxHour+1, 1)}, counter.ErrBucket},
		{[]counter.Bucket{ofHour(hour, math.MaxInt64), ofHour(hour+1, 1)}, counter.ErrOverflow},
	} {
		wantErr(t, "SetHistory of bad buckets", h.SetHistory(t.Context(), "a", bad.buckets), bad.err)
		wantHistory(t, h, "a", ofHour(hour, 10))
	}
}

// A batch that would overflow its day but not the counter is refused. That can happen because
// setting a counter to less does not change its history.
func testHistoryOverflow(t *testing.T, h historian) {
	hour := yesterday() + 5
	set(t, h.Store, "a", 1)
	wantApply(t, h.Fixture, timed("a", "w", math.MaxInt64-1, math.MaxInt64-1, hour), math.MaxInt64)
	set(t, h.Store, "a", 1)
	for _, other := range []counter.Hour{hour, hour + 1} {
		wantRefused(t, h.Fixture, timed("a", "v", 2, 2, other), counter.ErrOverflow)
		wantHistory(t, h, "a", ofHour(hour, math.MaxInt64-1))
	}
	wantApply(t, h.Fixture, timed("a", "v", 1, 1, hour+1), 2)
	wantApply(t, h.Fixture, timed("a", "v", 5, 6, hour+24), 7)
	wantHistory(t, h, "a", ofHour(hour, math.MaxInt64-1), ofHour(hour+1, 1), ofHour(hour+24, 5))
	setHistory(t, h, "a", ofHour(hour, math.MaxInt64))
	wantHistory(t, h, "a", ofHour(hour, math.MaxInt64))
}
