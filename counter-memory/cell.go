package countermemory

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// cell is one counter.
type cell struct {
	// value is atomic, so that additions need no lock. Whatever else changes it holds mu.
	value atomic.Int64

	mu      sync.Mutex // guards what follows
	records records
	past    *past // nil: there is none
}

// add adds delta, 0 or more, and returns the new value. If that would be too large, it returns
// the old value and false. It is small enough to be inlined.
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

// addNow adds delta, 1 or more, to the value and to the present hour.
func (c *cell) addNow(name string, delta int64, hoursKept int) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hour := counter.HistoryHour(time.Now())
	if hour != 0 && !c.pastLocked().history.fits(hour, delta) {
		return 0, historyOverflowError(name)
	}
	total, ok := c.add(delta)
	if !ok {
		return 0, overflowError(name, total, delta)
	}
	if hour != 0 {
		c.past.history.add(hour, delta, keep{hour, hoursKept})
	}
	return total, nil
}

// set sets the value.
func (c *cell) set(value int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value.Store(value)
	if value == 0 {
		c.past = nil
	}
}

// moveLocked moves everything in the cell to another one, or returns false if the sum would be
// too large. Both are locked. Additions need no lock; one that is made meanwhile stays in the
// cell.
func (c *cell) moveLocked(to *cell, keep keep) bool {
	value := c.value.Load()
	if value == 0 {
		return true
	}
	if c.past != nil && !to.pastLocked().history.fitsAll(&c.past.history) {
		return false
	}
	for {
		old := to.value.Load()
		sum := old + value
		if (sum > old) != (value > 0) {
			return false
		}
		if to.value.CompareAndSwap(old, sum) {
			break
		}
	}
	c.value.Add(-value)
	if c.past == nil {
		return true
	}
	p := to.pastLocked()
	p.history.addAll(&c.past.history, keep)
	for source, total := range c.past.brought {
		if p.brought == nil {
			p.brought = map[string]int64{}
		}
		p.brought[source] = max(p.brought[source], total)
	}
	c.past = nil
	return true
}

// pastLocked returns the past, which it makes if there is none.
func (c *cell) pastLocked() *past {
	if c.past == nil {
		c.past = new(past)
	}
	return c.past
}

func (c *cell) buckets(from, to counter.Hour, keep keep) []counter.Bucket {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.past == nil {
		return nil
	}
	return c.past.history.buckets(from, to, keep)
}

func (c *cell) brought(source string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.past == nil {
		return 0
	}
	return c.past.brought[source]
}

func overflowError(name string, value, delta int64) error {
	return fmt.Errorf("%w: %q is %d, adding %d", counter.ErrOverflow, name, value, delta)
}

func historyOverflowError(name string) error {
	return fmt.Errorf("%w: the history of %q", counter.ErrOverflow, name)
}
