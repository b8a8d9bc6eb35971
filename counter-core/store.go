// Package counter defines what a counter store is: the [Store] interface that every
// backend implements, its errors, and helpers.
//
// Programs that count import this package and one backend, such as counter-memory or
// counter-redis. Package coalesce decorates a backend whose replies can get lost, so that
// each addition counts exactly once. Package counterhttp counts the views of a page.
//
// Authors of a backend implement [Store], and then [Backend], and test it with package
// countertest. The repository's docs/backend.md shows how.
package counter

import (
	"context"
	"io"
	"iter"
)

// Store keeps named counters. A counter that was never added to has the value zero.
// Implementations are safe for concurrent use.
//
// Every method but Close honours its context. If the context has ended before the call,
// the method returns its error and changes nothing. After Close every other method returns
// [ErrClosed]. If [CheckName] refuses the name, the error is [ErrName] and the backend is
// not asked.
type Store interface {
	// Add adds delta, 1 or more, to the counter and returns its new value.
	// Additions to one counter are totally ordered. None is lost, and as long as nobody
	// calls Set, no two of them return the same value.
	//
	// If the error is [ErrUnknown], delta may or may not have been added. If it is
	// [ErrPending], which only decorators return, delta will be added. Any other error,
	// such as [ErrDelta], [ErrOverflow] or [ErrType], says that nothing has changed.
	Add(ctx context.Context, name string, delta int64) (int64, error)

	// Get returns the counter's value, or zero if it was never added to. If the store has
	// something else under the name, the error is [ErrType].
	Get(ctx context.Context, name string) (int64, error)

	// Set replaces whatever the store has under the name. Setting zero removes the counter,
	// and succeeds if there is none. If the error is [ErrUnknown], the value may or may not
	// have been replaced; after any other error it was not. [ErrBusy], which only decorators
	// return, says that a later Set may succeed.
	Set(ctx context.Context, name string, value int64) error

	// List yields each counter whose name begins with prefix and whose value is not zero.
	// It yields each once, in no particular order. An empty prefix lists all counters. A
	// counter that changes during the listing may have its old or its new value. After an
	// error it yields nothing more. It leaves out whatever else a shared store contains.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]

	// Close releases the store's resources. A second call returns nil.
	Close() error
}

// Entry is one counter of a [Store.List].
type Entry struct {
	Name  string
	Value int64
}

// Pinger is implemented by a [Store] that can tell whether it answers. Call it through
// [Ping].
type Pinger interface {
	// Ping returns nil if the store answers, and otherwise what is wrong. The error
	// contains no secret.
	Ping(ctx context.Context) error
}

// Ping returns nil if the store answers, and otherwise what is wrong. A store that is not
// a [Pinger] is assumed to answer.
func Ping(ctx context.Context, store Store) error {
	if pinger, ok := As[Pinger](store); ok {
		return pinger.Ping(ctx)
	}
	return ctx.Err()
}

// Warner is implemented by a [Store] that knows what endangers the counts in it,
// such as a server that does not save them. Reach it with [As].
type Warner interface {
	// Warnings returns a sentence for each danger. The sentence stays the same as long as
	// the danger lasts. It may return warnings along with an error.
	Warnings(ctx context.Context) ([]string, error)
}

// Estimator is implemented by a [Store] that can give a lower bound for a counter
// while its backend is down. Reach it with [As].
type Estimator interface {
	// AtLeast returns a lower bound for the counter's value once every pending addition is
	// counted. It doesn't ask the backend. known is false if the store has not learned the
	// counter's value, or has forgotten it.
	AtLeast(name string) (value int64, known bool)
}

// Snapshotter is implemented by a [Store] that can be copied while it is in use. Reach it
// with [As]. To copy the counters of any other store, list them.
type Snapshotter interface {
	// Snapshot returns a copy of the whole store at one moment, in the store's own format.
	// The copy is complete when Snapshot returns. The caller closes it.
	Snapshot(ctx context.Context) (io.ReadSeekCloser, error)
}

// Inc adds one to the named counter and returns its new value, as [Store.Add] does.
func Inc(ctx context.Context, store Store, name string) (int64, error) {
	return store.Add(ctx, name, 1)
}

// As finds the first store in a chain of decorators that is a T, usually an optional
// interface such as [Pinger]. A decorator takes part by having a method Unwrap() Store. A
// decorator that changes what T means must implement T itself.
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
