package counter_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

func TestHour(t *testing.T) {
	for text, want := range map[string]counter.Hour{
		"1970-01-01T00:00:00Z":      0,
		"1970-01-01T00:59:59Z":      0,
		"1970-01-01T01:00:00Z":      1,
		"1969-12-31T23:59:59Z":      -1,
		"1969-12-31T23:00:00Z":      -1,
		"1970-01-02T05:30:00+05:30": 24,
		"9999-12-31T23:59:59Z":      counter.MaxHour,
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		got := counter.HourOf(at)
		if got != want {
			t.Errorf("%s is hour %d; want %d", text, got, want)
		}
		if begin := got.Time(); at.Before(begin) || at.Sub(begin) >= time.Hour || begin.Location() != time.UTC {
			t.Errorf("the hour of %s begins at %s", text, begin)
		}
	}
	for hour, day := range map[counter.Hour]counter.Hour{0: 0, 23: 0, 24: 24, 47: 24} {
		if got := hour.Day(); got != day {
			t.Errorf("hour %d is of day %d; want %d", hour, got, day)
		}
	}
}

func TestCheckBuckets(t *testing.T) {
	for _, test := range []struct {
		name    string
		buckets []counter.Bucket
		err     error
	}{
		{"none", nil, nil},
		{"an hour, and its day", []counter.Bucket{{24, 24, 5}, {24, 1, 3}, {25, 1, 1}}, nil},
		{"the ends", []counter.Bucket{{0, 1, 1}, {counter.MaxHour, 1, math.MaxInt64 - 1}}, nil},
		{"a week", []counter.Bucket{{0, 7 * 24, 1}}, counter.ErrBucket},
		{"a day that begins late", []counter.Bucket{{25, 24, 1}}, counter.ErrBucket},
		{"before 1970", []counter.Bucket{{-24, 24, 1}}, counter.ErrBucket},
		{"too late", []counter.Bucket{{counter.MaxHour + 1, 24, 1}}, counter.ErrBucket},
		{"nothing", []counter.Bucket{{0, 1, 0}}, counter.ErrBucket},
		{"less than nothing", []counter.Bucket{{0, 1, -1}}, counter.ErrBucket},
		{"twice", []counter.Bucket{{5, 1, 1}, {6, 1, 1}, {5, 1, 1}}, counter.ErrBucket},
		{"too many", []counter.Bucket{{5, 1, math.MaxInt64}, {6, 1, 1}}, counter.ErrOverflow},
	} {
		if err := counter.CheckBuckets(test.buckets); !errors.Is(err, test.err) {
			t.Errorf("%s: %v; want %v", test.name, err, test.err)
		}
	}
}

func TestHistoryHour(t *testing.T) {
	for hour, want := range map[counter.Hour]counter.Hour{
		-1: 0, 0: 0, 1: 1, 500_000: 500_000, counter.MaxHour: counter.MaxHour, counter.MaxHour + 1: 0,
	} {
		if got := counter.HistoryHour(hour.Time()); got != want {
			t.Errorf("in hour %d: %d; want %d", hour, got, want)
		}
	}
}

func TestKeptUntil(t *testing.T) {
	for hour, want := range map[counter.Hour]counter.Hour{48: 72 + 10, 71: 72 + 10, 72: 96 + 10} {
		if got := hour.KeptUntil(10); got != want {
			t.Errorf("hour %d is kept until %d; want %d", hour, got, want)
		}
	}
}

// adjusting is a store that tells an adjustment from an addition.
type adjusting struct{ counter.Store }

func (adjusting) Add(context.Context, string, int64) (int64, error)    { return 1, nil }
func (adjusting) Adjust(context.Context, string, int64) (int64, error) { return 2, nil }

// A store that can't tell adds.
func TestAdjust(t *testing.T) {
	for want, store := range map[int64]counter.Store{
		2: decorator{adjusting{}},
		1: struct{ counter.Store }{adjusting{}},
	} {
		if got, err := counter.Adjust(t.Context(), store, "a", 1); got != want || err != nil {
			t.Errorf("Adjust of %T = %d, %v; want %d", store, got, err, want)
		}
	}
}

func TestCheckMoveAndBring(t *testing.T) {
	hours := []counter.Bucket{{5, 1, 2}, {6, 1, 3}}
	for _, test := range []struct {
		name string
		got  error
		want error
	}{
		{"a move", counter.CheckMove("a", "b"), nil},
		{"to itself", counter.CheckMove("a", "a"), counter.ErrName},
		{"from nowhere", counter.CheckMove("", "a"), counter.ErrName},
		{"to nowhere", counter.CheckMove("a", ""), counter.ErrName},
		{"nothing", counter.CheckBring("a", "s", 0, nil), nil},
		{"all of it in hours", counter.CheckBring("a", "s", 5, hours), nil},
		{"too little", counter.CheckBring("a", "s", 4, hours), counter.ErrDelta},
		{"less than nothing", counter.CheckBring("a", "s", -1, nil), counter.ErrDelta},
		{"no counter", counter.CheckBring("", "s", 5, hours), counter.ErrName},
		{"no source", counter.CheckBring("a", "", 5, hours), counter.ErrName},
		{"a bad hour", counter.CheckBring("a", "s", 5, []counter.Bucket{{-1, 1, 2}}), counter.ErrBucket},
	} {
		if !errors.Is(test.got, test.want) || test.want == nil && test.got != nil {
			t.Errorf("%s: %v; want %v", test.name, test.got, test.want)
		}
	}
}

// remembering is a store with a history that reads one at a time.
type remembering struct {
	counter.Store
	counter.Historian
}

func (remembering) History(_ context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) {
		if name == "" {
			yield(counter.Bucket{}, counter.ErrName)
			return
		}
		for hour := max(from, 20); hour <= min(to, 50); hour += 10 {
			if !yield(counter.Bucket{Start: hour, Hours: 1, Count: int64(hour)}, nil) {
				return
			}
		}
	}
}

// A Historian that is not a BulkHistorian is asked one by one, also if a store within is one.
func TestHistoriesOneByOne(t *testing.T) {
	for name, store := range map[string]counter.Store{
		"itself":    remembering{},
		"decorated": decorator{remembering{}},
		"hides one": struct {
			decorator
			counter.Historian
		}{decorator{bulkRemembering{}}, remembering{}},
	} {
		histories, errs := counter.Histories(t.Context(), store, []string{"a", "", "b"}, 30, 40)
		want := []counter.Bucket{{30, 1, 30}, {40, 1, 40}}
		if errs[0] != nil || !errors.Is(errs[1], counter.ErrName) || errs[2] != nil ||
			!slices.Equal(histories[0], want) || len(histories[1]) > 0 || !slices.Equal(histories[2], want) {
			t.Errorf("%s: Histories = %v, %v", name, histories, errs)
		}
		days, errs := counter.Days(t.Context(), store, []string{"a", "", "b"}, 30, 40)
		want = []counter.Bucket{{24, 24, 24 + 34 + 44}}
		if errs[0] != nil || !errors.Is(errs[1], counter.ErrName) || !slices.Equal(days[0], want) || !slices.Equal(days[2], want) {
			t.Errorf("%s: Days = %v, %v", name, days, errs)
		}
		if days, errs := counter.Days(t.Context(), store, []string{"a"}, 40, 30); len(days[0]) > 0 || errs[0] != nil {
			t.Errorf("%s: Days of an empty range = %v, %v", name, days, errs)
		}
	}
	_, errs := counter.Histories(t.Context(), struct{ counter.Store }{}, []string{"a"}, 0, 1)
	if !errors.Is(errs[0], errors.ErrUnsupported) {
		t.Errorf("Histories of a store without: %v", errs)
	}
	if _, errs := counter.Days(t.Context(), nil, []string{"a"}, 0, 1); !errors.Is(errs[0], errors.ErrUnsupported) {
		t.Errorf("Days of a store without: %v", errs)
	}
}

// bulkRemembering must not be asked by those who ask a decorator.
type bulkRemembering struct {
	counter.Store
	counter.Historian
	counter.BulkHistorian
}

func TestWholeDays(t *testing.T) {
	for given, want := range map[[2]counter.Hour][2]counter.Hour{
		{0, 0}: {0, 23}, {25, 47}: {24, 47}, {47, 48}: {24, 71}, {-9, -1}: {1, 0}, {30, 29}: {1, 0},
		{-9, 1 << 40}: {0, counter.MaxHour}, {counter.MaxHour + 1, 1 << 40}: {1, 0},
	} {
		if first, last := counter.WholeDays(given[0], given[1]); first != want[0] || last != want[1] {
			t.Errorf("WholeDays(%d) = %d, %d; want %d", given, first, last, want)
		}
	}
}
