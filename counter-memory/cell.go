package countermemory

import (
	"fmt"
	"math"
	"sync/atomic"

	counter "example.com/herokuapp/counter-core"
)

// cell is one counter.
type cell struct {
	// value is atomic, so that additions need no lock, those of batches included.
	value   atomic.Int64
	records records
}

// add adds delta, 0 or more, and returns the new value, or the old one and false
// if the new one would be too large. It is small enough to be inlined.
func (c *cell) add(delta int64) (int64, bool) {
	for {
		old := c.value.Load()
		if old > math.MaxInt64-delta {
			return old, false
		}
		if c.value.CompareAndSwap(old, old+delta) {
			return old + delta, true
		}
	}
}

func overflowError(name string, value, delta int64) error {
	return fmt.Errorf("%w: %q is %d, adding %d", counter.ErrOverflow, name, value, delta)
}
