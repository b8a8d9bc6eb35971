package countersqlite_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/tools/countersqlite"
)

// Each view is counted once and gets a number of its own, though two processes
// share the file and every third reply is lost; and the count is there after both
// have ended.
func TestExactlyOnce(t *testing.T) {
	const callers, each = 8, 25
	path := newPath(t)
	numbers := make([]int64, 2*callers*each)
	var wg sync.WaitGroup
	for p := range 2 {
		// What is slow here is the machine, not the store.
		store := coalesce.New(&lossy{Store: open(t, path)}, coalesce.Options{AttemptTimeout: time.Minute, Overdue: time.Minute})
		var calling sync.WaitGroup
		for c := range callers {
			calling.Go(func() {
				for i := range each {
					number, err := counter.Inc(t.Context(), store, "views:/")
					if err != nil {
						t.Errorf("Inc: %v", err)
						return
					}
					numbers[(p*callers+c)*each+i] = number
				}
			})
		}
		wg.Go(func() {
			calling.Wait()
			if err := store.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	wg.Wait()

	slices.Sort(numbers)
	for i, number := range numbers {
		if number != int64(i)+1 {
			t.Fatalf("the number after %d is %d", i, number)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	store := open(t, path)
	if got, err := store.Get(t.Context(), "views:/"); err != nil || got != int64(len(numbers)) {
		t.Errorf("after all have ended, Get = %d, %v; want %d", got, err, len(numbers))
	}
	if err := store.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// lossy loses every third reply, what was asked being done.
type lossy struct {
	*countersqlite.Store
	calls atomic.Int64
}

func (l *lossy) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := l.Store.Apply(ctx, batches)
	if l.calls.Add(1)%3 != 0 {
		return results
	}
	lost := counter.Result{Err: errors.Join(counter.ErrUnknown, errors.New("the reply is lost"))}
	return slices.Repeat([]counter.Result{lost}, len(batches))
}
