package countertest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// manyHistories sets the histories of counters, and returns their names with some that have none.
func manyHistories(t *testing.T, h historian) []string {
	t.Helper()
	day := yesterday()
	setHistory(t, h, "long", longHistory()...)
	setHistory(t, h, "rest", ofHour(day-1, 1), ofDay(day, 2), ofHour(day, 4), ofHour(day+23, 8), ofHour(day+24, 16))
	setHistory(t, h, "old", ofDay(longAgo, 3), ofDay(longAgo+24, 5))
	var batches []counter.Batch
	names := []string{"none", "rest", "old", "long"}
	for i := range counter.Hour(300) {
		name := fmt.Sprint("views:", i*7%300) // in another order than that of the names
		batches = append(batches, timed(name, "w", int64(i)+1, int64(i)+1, day-i%40*5))
		names = append(names, name)
	}
	for i, name := range hardNames() {
		batches = append(batches, timed(name, "w", int64(i)+1, int64(i)+1, day))
		names = append(names, name)
	}
	for i, result := range apply(t, h.Fixture, batches...) {
		wantResult(t, batches[i], result, batches[i].Delta, 0)
	}
	return names
}

// spans are ranges of hours of all kinds.
func spans() [][2]counter.Hour {
	day := yesterday()
	return [][2]counter.Hour{
		{0, counter.MaxHour},
		{-5, counter.MaxHour + 5},
		{day - 29*counter.DayHours, day + 47},
		{day + 3, day + 5},
		{day + 23, day + 24},
		{longAgo + 5, longAgo + 30},
		{longAgo, day - 200*counter.DayHours},
		{counter.MaxHour, counter.MaxHour},
		{day + 1, day},
		{0, 0},
	}
}

// Many histories at once are those that one at a time is, each at the place of its name.
func testHistories(t *testing.T, h historian) {
	names := manyHistories(t, h)
	whole := histories(t, h, names)
	for _, span := range spans() {
		histories, errs := counter.Histories(t.Context(), h.Store, names, span[0], span[1])
		wantAll(t, names, histories, errs, func(name string) []counter.Bucket { return between(whole[name], span[0], span[1]) })
		for _, name := range names[:4] { // all kinds but those that are many
			wantBetween(t, h, name, span[0], span[1], between(whole[name], span[0], span[1])...)
		}
	}
	if histories, errs := counter.Histories(t.Context(), h.Store, nil, 0, counter.MaxHour); len(histories)+len(errs) > 0 {
		t.Errorf("Histories of nothing: %v, %v", histories, errs)
	}
	wantGet(t, h.Store, "none", 0)
	wantList(t, h.Store, "none", map[string]int64{})
}

// histories returns all that History has of each of the names.
func histories(t *testing.T, h historian, names []string) map[string][]counter.Bucket {
	t.Helper()
	all := map[string][]counter.Bucket{}
	for _, name := range names {
		history, err := buckets(t.Context(), h, name, 0, counter.MaxHour)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = history
	}
	return all
}

// between returns the buckets that are in the range, as History has them.
func between(all []counter.Bucket, from, to counter.Hour) (in []counter.Bucket) {
	for _, b := range all {
		if from <= to && b.Start <= to && from < b.Start+counter.Hour(b.Hours) {
			in = append(in, b)
		}
	}
	return in
}

// wantAll fails unless each name has what want returns.
func wantAll(t *testing.T, names []string, got [][]counter.Bucket, errs []error, want func(name string) []counter.Bucket) {
	t.Helper()
	if len(got) != len(names) || len(errs) != len(names) {
		t.Fatalf("%d histories and %d errors of %d names", len(got), len(errs), len(names))
	}
	for i, name := range names {
		if want := want(name); errs[i] != nil || !slices.Equal(got[i], want) {
			t.Fatalf("the history of %q among others is, as start, hours and count, %v, %v; want %v", name, got[i], errs[i], want)
		}
	}
}

// A name that is wrong has an error of its own, and one that is there twice a history twice.
func testHistoriesOfOneName(t *testing.T, h historian) {
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	for _, names := range [][]string{{"a"}, {"", "a"}, {"a", "a", "\xff", "a"}} {
		histories, errs := counter.Histories(t.Context(), h.Store, names, hour, hour)
		days, dayErrs := counter.Days(t.Context(), h.Store, names, hour, hour)
		for i, name := range names {
			if name != "a" {
				if !errors.Is(errs[i], counter.ErrName) || !errors.Is(dayErrs[i], counter.ErrName) || len(histories[i])+len(days[i]) > 0 {
					t.Errorf("of %q: %v, %v and %v, %v; want ErrName", name, histories[i], errs[i], days[i], dayErrs[i])
				}
				continue
			}
			if errs[i] != nil || !slices.Equal(histories[i], []counter.Bucket{ofHour(hour, 10)}) {
				t.Errorf("Histories of %q, number %d of %q: %v, %v", name, i, names, histories[i], errs[i])
			}
			if dayErrs[i] != nil || !slices.Equal(days[i], []counter.Bucket{ofDay(hour, 10)}) {
				t.Errorf("Days of %q, number %d of %q: %v, %v", name, i, names, days[i], dayErrs[i])
			}
		}
	}
}

// A day has all that was counted in it, in hours or not, although the range begins or ends within
// it.
func testDays(t *testing.T, h historian) {
	day := yesterday()
	names := manyHistories(t, h)
	whole := histories(t, h, names)
	for _, span := range spans() {
		from, to := max(span[0], 0), min(span[1], counter.MaxHour)
		days, errs := counter.Days(t.Context(), h.Store, names, span[0], span[1])
		wantAll(t, names, days, errs, func(name string) (sums []counter.Bucket) {
			if from > to {
				return nil
			}
			for _, b := range between(whole[name], from.Day(), to.Day()+counter.DayHours-1) {
				if last := len(sums) - 1; last >= 0 && sums[last].Start == b.Start.Day() {
					sums[last].Count += b.Count
				} else {
					sums = append(sums, ofDay(b.Start, b.Count))
				}
			}
			return sums
		})
	}
	days, errs := counter.Days(t.Context(), h.Store, []string{"rest"}, day+3, day+3)
	if err := errors.Join(errs...); err != nil || !slices.Equal(days[0], []counter.Bucket{ofDay(day, 14)}) {
		t.Errorf("a day with hours and more is %v, %v; want %v", days, err, ofDay(day, 14))
	}
}

// Days stay what they were when their hours have had their time.
func testDaysExpired(t *testing.T, h historian) {
	day := yesterday()
	wantApply(t, h.Fixture, timed("a", "w", 1, 1, day-1), 1)
	wantApply(t, h.Fixture, timed("a", "w", 2, 3, day), 3)
	wantApply(t, h.Fixture, timed("a", "w", 4, 7, day+23), 7)
	setHistory(t, h, "b", ofDay(day, 5), ofHour(day+3, 6), ofDay(longAgo, 7))
	want := [][]counter.Bucket{{ofDay(day-1, 1), ofDay(day, 6)}, {ofDay(longAgo, 7), ofDay(day, 11)}}
	for range 2 {
		days, errs := counter.Days(t.Context(), h.Store, []string{"a", "b"}, 0, counter.MaxHour)
		if err := errors.Join(errs...); err != nil || !slices.EqualFunc(days, want, slices.Equal) {
			t.Errorf("the days are %v, %v; want %v", days, err, want)
		}
		h.ExpireHours(t)
	}
	days, errs := counter.Days(t.Context(), h.Store, []string{"a", "b"}, day+5, day+5)
	want = [][]counter.Bucket{{ofDay(day, 6)}, {ofDay(day, 11)}}
	if err := errors.Join(errs...); err != nil || !slices.EqualFunc(days, want, slices.Equal) {
		t.Errorf("the day is %v, %v; want %v", days, err, want)
	}
}
