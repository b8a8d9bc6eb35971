package countermemory_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// Additions count in the hour they are made in, however many are made at once. Corrections
// don't.
func TestAddCountsInItsHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := countermemory.NewWith(countermemory.Options{History: true})
		defer store.Close()
		first := counter.HourOf(time.Now())
		for range 2 {
			var adding sync.WaitGroup
			for range 10 {
				adding.Go(func() {
					for range 100 {
						if _, err := store.Add(t.Context(), "a", 2); err != nil {
							t.Error(err)
						}
					}
				})
			}
			adding.Wait()
			if _, err := counter.Adjust(t.Context(), store, "a", 7); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
		}
		if value, err := store.Get(t.Context(), "a"); err != nil || value != 4014 {
			t.Errorf("%d, %v; want 4014", value, err)
		}
		next := first
		for bucket, err := range store.History(t.Context(), "a", 0, counter.MaxHour) {
			if want := (counter.Bucket{Start: next, Hours: 1, Count: 2000}); err != nil || bucket != want {
				t.Errorf("%+v, %v; want %+v", bucket, err, want)
			}
			next++
		}
		if next != first+2 {
			t.Errorf("%d hours; want 2", next-first)
		}
	})
}

func TestAddHasNoHistoryUnlessAsked(t *testing.T) {
	store := countermemory.New()
	defer store.Close()
	if _, err := store.Add(t.Context(), "a", 1); err != nil {
		t.Fatal(err)
	}
	for bucket, err := range store.History(t.Context(), "a", 0, counter.MaxHour) {
		t.Errorf("%+v, %v", bucket, err)
	}
}
