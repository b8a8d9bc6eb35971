package counter

import (
	"context"
	"sync"
)

// Bulk is implemented by a [Store] that reads or sets many counters in a few calls. Call it
// through [GetAll] and [SetAll].
type Bulk interface {
	// GetAll returns for each name what Get would return.
	GetAll(ctx context.Context, names []string) (values []int64, errs []error)

	// SetAll sets the counters, whose names differ, and returns for each what Set would
	// return. Some may have been set where others were not.
	SetAll(ctx context.Context, entries []Entry) (errs []error)
}

// GetAll returns for each name what Get would return, in a few calls if the store is a [Bulk],
// and otherwise in several at a time.
func GetAll(ctx context.Context, store Store, names []string) (values []int64, errs []error) {
	if bulk, ok := As[Bulk](store); ok {
		return bulk.GetAll(ctx, names)
	}
	values, errs = make([]int64, len(names)), make([]error, len(names))
	several(len(names), func(i int) { values[i], errs[i] = store.Get(ctx, names[i]) })
	return values, errs
}

// SetAll sets the counters, whose names differ, and returns for each what Set would return. If
// the store is a [Bulk], that takes a few calls, otherwise several are made at a time.
func SetAll(ctx context.Context, store Store, entries []Entry) (errs []error) {
	if bulk, ok := As[Bulk](store); ok {
		return bulk.SetAll(ctx, entries)
	}
	errs = make([]error, len(entries))
	several(len(entries), func(i int) { errs[i] = store.Set(ctx, entries[i].Name, entries[i].Value) })
	return errs
}

// several calls do for 0 to n-1, up to 16 at a time.
func several(n int, do func(i int)) {
	const most = 16
	var calls sync.WaitGroup
	for first := range min(n, most) {
		calls.Go(func() {
			for i := first; i < n; i += most {
				do(i)
			}
		})
	}
	calls.Wait()
}

// AllAdder is implemented by a [Store] that adds to several counters in about the time that one
// takes. A decorator that implements Add must implement AddAll, too, so do not reach it with [As].
type AllAdder interface {
	// AddAll adds delta to each of the counters, whose names differ, and returns for each what
	// Add would return.
	AddAll(ctx context.Context, names []string, delta int64) (values []int64, errs []error)
}
