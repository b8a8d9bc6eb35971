package sitetest

import (
	"context"
	"iter"
	"maps"
	"math"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// Set sets a counter in the store.
func Set(tb testing.TB, kept counter.Store, name string, value int64) {
	tb.Helper()
	if err := kept.Set(tb.Context(), name, value); err != nil {
		tb.Fatal(err)
	}
}

// Fill sets counters in the store, and returns it.
func Fill[S counter.Store](tb testing.TB, kept S, values map[string]int64) S {
	tb.Helper()
	for name, value := range values {
		Set(tb, kept, name, value)
	}
	return kept
}

// Values returns the counters in the store with their values.
func Values(tb testing.TB, kept counter.Store) map[string]int64 {
	tb.Helper()
	values := map[string]int64{}
	for entry, err := range kept.List(tb.Context(), "") {
		if err != nil {
			tb.Fatal(err)
		}
		values[entry.Name] = entry.Value
	}
	return values
}

// WantValues fails the test unless these are all the counters in the store.
func WantValues(tb testing.TB, kept counter.Store, want map[string]int64) {
	tb.Helper()
	if got := Values(tb, kept); !maps.Equal(got, want) {
		tb.Errorf("the store has %v; want %v", got, want)
	}
}

// Bucket returns the bucket of an hour, or of 24, that begins at a time of UTC such as
// 2026-11-26T13.
func Bucket(tb testing.TB, start string, hours int, count int64) counter.Bucket {
	tb.Helper()
	at, err := time.Parse("2006-01-02T15", start)
	if err != nil {
		tb.Fatal(err)
	}
	return counter.Bucket{Start: counter.HourOf(at), Hours: hours, Count: count}
}

// Past returns a store whose counters have these histories, by name. It keeps hours forever.
func Past(tb testing.TB, histories map[string][]counter.Bucket) *countermemory.Store {
	tb.Helper()
	kept := countermemory.NewWith(countermemory.Options{HistoryHours: math.MaxInt})
	for name, buckets := range histories {
		if err := kept.SetHistory(tb.Context(), name, buckets); err != nil {
			tb.Fatal(err)
		}
	}
	return kept
}

// History returns the whole history of a counter.
func History(tb testing.TB, kept counter.Store, name string) (all []counter.Bucket) {
	tb.Helper()
	historian, ok := counter.As[counter.Historian](kept)
	if !ok {
		tb.Fatal("the store keeps no history")
	}
	for bucket, err := range historian.History(tb.Context(), name, 0, counter.MaxHour) {
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, bucket)
	}
	return all
}

// BrokenPast is a store whose histories can't be read, because of Err.
type BrokenPast struct {
	*countermemory.Store

	Err error
}

// History implements [counter.Historian].
func (b BrokenPast) History(context.Context, string, counter.Hour, counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) { yield(counter.Bucket{}, b.Err) }
}

// Broken is a store whose calls all fail with Err, but for Close.
type Broken struct{ Err error }

var _ counter.Pinger = Broken{}

// Add implements [counter.Store].
func (b Broken) Add(context.Context, string, int64) (int64, error) { return 0, b.Err }

// Get implements [counter.Store].
func (b Broken) Get(context.Context, string) (int64, error) { return 0, b.Err }

// Set implements [counter.Store].
func (b Broken) Set(context.Context, string, int64) error { return b.Err }

// List implements [counter.Store].
func (b Broken) List(context.Context, string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) { yield(counter.Entry{}, b.Err) }
}

// Close implements [counter.Store].
func (b Broken) Close() error { return nil }

// Ping implements [counter.Pinger].
func (b Broken) Ping(context.Context) error { return b.Err }
