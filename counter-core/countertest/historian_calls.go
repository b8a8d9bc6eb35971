package countertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// The batches of one call count each in its own hour.
func testManyHistories(t *testing.T, h historian) {
	const counters = 300
	day := yesterday()
	hourOf := func(i int) counter.Hour { return day + counter.Hour(i%counter.DayHours) }
	var batches []counter.Batch
	for i := range counters {
		batches = append(batches, timed(fmt.Sprint("views:", i), "w", int64(i+1), int64(i+1), hourOf(i)))
	}
	for range 2 {
		for i, result := range apply(t, h.Fixture, batches...) {
			wantResult(t, batches[i], result, int64(i+1), 0)
		}
	}
	for i, b := range batches {
		wantHistory(t, h, b.Name, ofHour(hourOf(i), int64(i+1)))
	}
}

// Each counter has a history of its own, whatever it is called.
func testHardNamesWithHistory(t *testing.T, h historian) {
	day := yesterday()
	names := hardNames()
	for i, name := range names {
		wantApply(t, h.Fixture, timed(name, "w", int64(i+1), int64(i+1), day+3), int64(i+1))
	}
	for i, name := range names {
		wantHistory(t, h, name, ofHour(day+3, int64(i+1)))
		setHistory(t, h, name, ofDay(day, int64(i+1)))
	}
	for i, name := range names {
		wantHistory(t, h, name, ofDay(day, int64(i+1)))
		set(t, h.Store, name, 0)
		wantHistory(t, h, name)
	}
	wantList(t, h.Store, "", map[string]int64{})
}

// No history is a counter.
func testListWithHistory(t *testing.T, h historian) {
	want := map[string]int64{}
	for i, name := range []string{"a", "b:c", "{d}", "e/f"} {
		hour := yesterday()
		for days := range counter.Hour(5) {
			wantApply(t, h.Fixture, timed(name, fmt.Sprint(days), 1, 1, hour-days*counter.DayHours), int64(days)+1)
		}
		setHistory(t, h, fmt.Sprint("only ", i), ofHour(hour, 1)) // of a counter that is zero
		want[name] = 5
	}
	wantList(t, h.Store, "", want)
	for name := range want {
		wantList(t, h.Store, name, map[string]int64{name: 5})
	}
}

// A loop over a history may end early.
func testHistoryStops(t *testing.T, h historian) {
	setHistory(t, h, "a", longHistory()...)
	for _, err := range h.History(t.Context(), "a", 0, counter.MaxHour) {
		if err != nil {
			t.Errorf("History: %v", err)
		}
		break
	}
	wantApply(t, h.Fixture, timed("a", "w", 1, 1, yesterday()), 1)
}

// A caller may add while it goes through a history.
func testApplyInHistory(t *testing.T, h historian) {
	all := longHistory()
	setHistory(t, h, "a", all...)
	done := make(chan error, 1)
	go func() { // which may hang for good, and so must not touch t
		sum := int64(0)
		for _, err := range h.History(t.Context(), "a", 0, counter.MaxHour) {
			if sum++; err == nil && sum%100 == 1 {
				err = h.Store.Apply(t.Context(), []counter.Batch{timed("a", "w", 1, sum, yesterday())})[0].Err
			}
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("adding in a history: %v", err)
		}
	case <-time.After(patience(t)):
		t.Fatal("a caller that adds in the loop over a history hangs: History must not yield from within a transaction or a lock")
	}
}

// While writers add, a history has all that was counted before it was asked for, nothing
// that was not counted when it has answered, and all of it in its hours.
func testHistoryWhileApplying(t *testing.T, h historian) {
	const writers, batches = 8, 100
	day := yesterday()
	var writing, reading sync.WaitGroup
	begun := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			<-begun
			for i := range int64(batches) {
				b := timed("a", fmt.Sprint(w), 1, i+1, day+counter.Hour(i%48))
				for range 2 {
					if err := h.Store.Apply(t.Context(), []counter.Batch{b})[0].Err; err != nil {
						t.Errorf("Apply(%#v): %v", b, err)
						return
					}
				}
				runtime.Gosched() // so that a store that is fast is read meanwhile, too
			}
		})
	}
	done := make(chan struct{})
	reading.Go(func() {
		close(begun)
		for {
			select {
			case <-done:
				return
			default:
			}
			if err := checkHistory(t.Context(), h); err != nil {
				t.Error(err)
				return
			}
		}
	})
	writing.Wait()
	close(done)
	reading.Wait()
	var want []counter.Bucket
	for i := range counter.Hour(48) {
		count := int64(batches / 48)
		if i < batches%48 {
			count++
		}
		want = append(want, ofHour(day+i, count*writers))
	}
	wantHistory(t, h, "a", want...)
	wantGet(t, h.Store, "a", writers*batches)
}

// checkHistory returns what is wrong with the history of "a", which others add to.
func checkHistory(ctx context.Context, h historian) error {
	before, err := h.Store.Get(ctx, "a")
	if err != nil {
		return err
	}
	all, err := buckets(ctx, h, "a", 0, counter.MaxHour)
	if err != nil {
		return err
	}
	after, err := h.Store.Get(ctx, "a")
	if err != nil {
		return err
	}
	var sum int64
	for _, b := range all {
		if b.Hours != 1 {
			return fmt.Errorf("a history that all was added to by hours has the day %+v: the buckets of a day must be of one moment", b)
		}
		sum += b.Count
	}
	if sum < before || sum > after {
		return fmt.Errorf("the sum of a history is %d; the counter was %d before and %d after it", sum, before, after)
	}
	if !slices.IsSortedFunc(all, func(x, y counter.Bucket) int { return cmp.Compare(x.Start, y.Start) }) {
		return fmt.Errorf("the history is not in order: %v", all)
	}
	return nil
}

// A counter that is removed while others add to it has the history of what came after.
func testSetWhileApplying(t *testing.T, h historian) {
	hour := yesterday() + 5
	sum := int64(0)
	for range 20 {
		sum++
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := h.Store.Set(t.Context(), "a", 0); err != nil {
				t.Errorf("Set: %v", err)
			}
		})
		wg.Go(func() {
			if err := h.Store.Apply(t.Context(), []counter.Batch{timed("a", "w", 1, sum, hour)})[0].Err; err != nil {
				t.Errorf("Apply: %v", err)
			}
		})
		wg.Wait()
		value, err := h.Store.Get(t.Context(), "a")
		if err != nil {
			t.Fatalf("Get: %v", err)
		}
		if value == 0 {
			wantHistory(t, h, "a")
		} else {
			wantHistory(t, h, "a", ofHour(hour, value))
		}
	}
}

// historyCalls is each method of a Historian and a BulkHistorian, by its name.
func historyCalls(h historian) map[string]func(context.Context, string) error {
	return map[string]func(context.Context, string) error{
		"History": func(ctx context.Context, name string) error {
			_, err := buckets(ctx, h, name, 0, counter.MaxHour)
			return err
		},
		"SetHistory": func(ctx context.Context, name string) error {
			return h.SetHistory(ctx, name, []counter.Bucket{ofHour(yesterday(), 1)})
		},
		"Histories": func(ctx context.Context, name string) error {
			_, errs := counter.Histories(ctx, h.Store, []string{name}, 0, counter.MaxHour)
			return errors.Join(errs...)
		},
		"Days": func(ctx context.Context, name string) error {
			_, errs := counter.Days(ctx, h.Store, []string{name}, yesterday(), counter.MaxHour)
			return errors.Join(errs...)
		},
	}
}

func testHistoryBadNames(t *testing.T, h historian) {
	for _, name := range badNames() {
		for method, call := range historyCalls(h) {
			wantErr(t, method+" of a bad name", call(t.Context(), name), counter.ErrName)
		}
	}
	wantList(t, h.Store, "", map[string]int64{})
}

func testHistoryEndedContext(t *testing.T, h historian) {
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for method, call := range historyCalls(h) {
		wantErr(t, method+" with an ended context", call(ctx, "a"), context.Canceled)
	}
	err := h.Store.Apply(ctx, []counter.Batch{timed("a", "w", 1, 11, hour)})[0].Err
	wantErr(t, "Apply with an ended context", err, context.Canceled)
	wantHistory(t, h, "a", ofHour(hour, 10))
}

// Callers are back by their deadlines, and what is in doubt counts in its hour once.
func testHistoryStalled(t *testing.T, h historian) {
	if h.Stall == nil {
		return
	}
	hour := yesterday() + 5
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, hour), 10)
	methods := historyCalls(h)
	methods["Apply"] = func(ctx context.Context, _ string) error {
		return h.Store.Apply(ctx, []counter.Batch{timed("a", "w", 1, 11, hour)})[0].Err
	}
	callStalled(t, h.Fixture, methods)
	wantApply(t, h.Fixture, timed("a", "w", 1, 11, hour), 11)
	wantHistory(t, h, "a", ofHour(hour, 11))
}

func testHistoryAfterClose(t *testing.T, h historian) {
	wantApply(t, h.Fixture, timed("a", "w", 10, 10, yesterday()), 10)
	if err := h.Store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	wantClosed(t, historyCalls(h))
}
