package counter

import "context"

// AllAdder is implemented by a [Store] that adds to several counters in about the time that one
// takes. A decorator that implements Add must implement AddAll, too, so do not reach it with [As].
type AllAdder interface {
	// AddAll adds delta to each of the counters, whose names differ, and returns for each what
	// Add would return.
	AddAll(ctx context.Context, names []string, delta int64) (values []int64, errs []error)
}
