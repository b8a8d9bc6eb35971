// Package counter defines what a counter store is: the [Store] interface that
// every backend implements, the errors it returns and the helpers over it.
//
// Programs that count import this package and one backend, such as counter-memory
// or counter-redis. Package coalesce, around a backend whose replies can get lost,
// counts exactly once; package counterhttp counts the views of a page. Authors of a
// backend implement [Store], and then [Backend], and prove it right with package
// countertest; docs/backend.md of the repository shows how.
package counter

import (
	"context"
	"io"
	"iter"
)

// Store keeps named counters. A counter that was never added to has the value
// zero. Implementations are safe for concurrent use.
//
// Every method but Close honours its context: one that has ended before the
// call returns its error and changes nothing. After Close every other method
// returns [ErrClosed]. Names are what [CheckName] accepts, else the error is
// [ErrName] and the backend is not asked.
type Store interface {
	// Add adds delta, 1 or more, to the counter and returns its new value.
	// Additions to one counter are totally ordered: no two of them return the
	// same value while nobody calls Set, and none is lost.
	//
	// If the error is [ErrUnknown], delta may be added or not. If it is [ErrPending],
	// which only decorators return, delta will be added. Any other error, such as
	// [ErrDelta], [ErrOverflow] or [ErrType], says that nothing has changed.
	Add(ctx context.Context, name string, delta int64) (int64, error)

	// Get returns the counter's value, zero if it was never added to. A name that
	// holds something else is [ErrType].
	Get(ctx context.Context, name string) (int64, error)

	// Set replaces the counter's value, whatever the name held before.
	// Setting zero removes the counter; removing what is not there is no error.
	// If the error is [ErrUnknown], the value may be replaced or not; after any other
	// it is not. [ErrBusy], which only decorators return, says that a later Set may
	// succeed.
	Set(ctx context.Context, name string, value int64) error

	// List yields each counter whose name begins with prefix and whose value is
	// not zero, once, in no particular order. An empty prefix lists all. What
	// changes while it runs may be seen before or after the change. An error is
	// the last thing it yields. Anything else a shared store holds is left out.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]

	// Close releases what the store holds. A second call returns nil.
	Close() error
}

// Entry is one counter of a [Store.List].
type Entry struct {
	Name  string
	Value int64
}

// Pinger is implemented by a [Store] that can tell whether it would answer now.
// Call it by [Ping].
type Pinger interface {
	// Ping returns nil if the store answers, and what is wrong if not. Its error
	// holds no secret.
	Ping(ctx context.Context) error
}

// Ping returns nil if the store would answer now, and what is wrong if not. A store
// that is not a [Pinger] is taken to be ready.
func Ping(ctx context.Context, store Store) error {
	if pinger, ok := As[Pinger](store); ok {
		return pinger.Ping(ctx)
	}
	return ctx.Err()
}

// Warner is implemented by a [Store] that knows what endangers the counts in it,
// such as a server that does not save them. Reach it with [As].
type Warner interface {
	// Warnings returns a sentence for each danger, the same one as long as the danger
	// lasts. It may return some along with an error.
	Warnings(ctx context.Context) ([]string, error)
}

// Estimator is implemented by a [Store] that can give a lower bound for a counter
// while its backend is down. Reach it with [As].
type Estimator interface {
	// AtLeast returns what the counter's value will be at least once every addition
	// that is kept has been counted. It doesn't ask the backend. known is false if the
	// store has not learned the counter's value, or has forgotten it.
	AtLeast(name string) (value int64, known bool)
}

// Snapshotter is implemented by a [Store] that can be copied while it runs. Reach it with
// [As]. To bring the counters of any other store elsewhere, list them.
type Snapshotter interface {
	// Snapshot returns a copy of the whole store as of one moment, in the store's own format.
	// It is complete when Snapshot returns. The caller closes it.
	Snapshot(ctx context.Context) (io.ReadSeekCloser, error)
}

// Inc adds one to the named counter and returns its new value, as [Store.Add] does.
func Inc(ctx context.Context, store Store, name string) (int64, error) {
	return store.Add(ctx, name, 1)
}

// As finds the first store in a chain of decorators that is a T, which is
// usually an optional interface such as [Pinger]. A decorator takes part by
// having a method Unwrap() Store. A decorator that changes what T means must
// implement T itself.
func As[T any](store Store) (T, bool) {
	for store != nil {
		if t, ok := store.(T); ok {
			return t, true
		}
		wrapper, ok := store.(interface{ Unwrap() Store })
		if !ok {
			break
		}
		store = wrapper.Unwrap()
	}
	var none T
	return none, false
}
