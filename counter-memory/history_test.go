package countermemory_test

import (
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// history returns what was counted in which hour and day.
func history(t *testing.T, store *countermemory.Store, name string) []counter.Bucket {
	t.Helper()
	var all []counter.Bucket
	for bucket, err := range store.History(t.Context(), name, 0, counter.MaxHour) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bucket)
	}
	return all
}

// The hours of a day are there until their time is over, and not a moment longer.
func TestHoursHaveTheirTime(t *testing.T) {
	for _, test := range []struct {
		name  string
		store *countermemory.Store
		hours int
	}{
		{"zero value", new(countermemory.Store), 60 * 24},
		{"default", countermemory.New(), 60 * 24},
		{"negative", countermemory.NewWith(countermemory.Options{HistoryHours: -5}), 60 * 24},
		{"one", countermemory.NewWith(countermemory.Options{HistoryHours: 1}), 1},
		{"odd", countermemory.NewWith(countermemory.Options{HistoryHours: 31}), 31},
		{"endless", countermemory.NewWith(countermemory.Options{HistoryHours: math.MaxInt}), 200 * 365 * 24},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(30 * time.Hour)
				hour := counter.HourOf(time.Now())
				batch := counter.Batch{Name: "a", Writer: "w", Delta: 2, Sum: 2, Hour: hour}
				wantResult(t, test.store, batch, counter.Result{Total: 2})
				batch = counter.Batch{Name: "a", Writer: "w", Delta: 3, Sum: 5, Hour: hour + 1}
				wantResult(t, test.store, batch, counter.Result{Total: 5})
				if err := test.store.SetHistory(t.Context(), "other", history(t, test.store, "a")); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Until((hour.Day() + 24).Time().Add(time.Duration(test.hours)*time.Hour)) - 1)
				want := []counter.Bucket{{Start: hour, Hours: 1, Count: 2}, {Start: hour + 1, Hours: 1, Count: 3}}
				for _, name := range []string{"a", "other"} {
					if got := history(t, test.store, name); !slices.Equal(got, want) {
						t.Errorf("a moment before: %v; want %v", got, want)
					}
				}
				if test.name == "endless" {
					return
				}
				time.Sleep(time.Nanosecond)
				late := counter.Batch{Name: "a", Writer: "late", Delta: 4, Sum: 4, Hour: hour + 2}
				wantResult(t, test.store, late, counter.Result{Total: 9})
				for name, count := range map[string]int64{"a": 9, "other": 5} {
					want := []counter.Bucket{{Start: hour.Day(), Hours: 24, Count: count}}
					if got := history(t, test.store, name); !slices.Equal(got, want) {
						t.Errorf("in time: %v; want %v", got, want)
					}
				}
			})
		})
	}
}

// Years of views in every hour are as many days and the hours that are kept, although
// nobody asks for the history.
func TestHistoryIsBounded(t *testing.T) {
	const days, kept = 400, 10
	synctest.Test(t, func(t *testing.T) {
		store := countermemory.NewWith(countermemory.Options{HistoryHours: kept * 24})
		sum := int64(0)
		for range days * 24 {
			sum++
			batch := counter.Batch{Name: "a", Writer: "w", Delta: 1, Sum: sum, Hour: counter.HourOf(time.Now())}
			wantResult(t, store, batch, counter.Result{Total: sum})
			if n := store.Hours("a"); n > (kept+2)*24 {
				t.Fatalf("%d hours are kept; want no more than those of %d days", n, kept+2)
			}
			time.Sleep(time.Hour)
		}
		if got := history(t, store, "a"); len(got) != days-kept+kept*24 {
			t.Errorf("%d buckets; want %d days and the hours of %d", len(got), days-kept, kept)
		}
	})
}

// While a counter moves again and again, additions that need no lock are found once, in it
// or in the other one, and so are batches.
func TestMoveInContention(t *testing.T) {
	const moves = 100_000
	store := countermemory.New()
	hour := counter.HourOf(time.Now())
	var adding sync.WaitGroup
	var added, applied int64
	done := make(chan struct{})
	adding.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := counter.Inc(t.Context(), store, "a"); err != nil {
				t.Error(err)
				return
			}
			added++
		}
	})
	adding.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			applied++
			batch := counter.Batch{Name: "a", Writer: "w", Delta: 1, Sum: applied, Hour: hour}
			if err := store.Apply(t.Context(), []counter.Batch{batch})[0].Err; err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range moves {
		if err := store.Move(t.Context(), "a", "b"); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	adding.Wait()
	var values, counts int64
	for _, name := range []string{"a", "b"} {
		value, err := store.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		values += value
		for _, bucket := range history(t, store, name) {
			counts += bucket.Count
		}
	}
	if values != added+applied || counts != applied {
		t.Errorf("%d counted, %d of them in hours; want %d and %d", values, counts, added+applied, applied)
	}
}
