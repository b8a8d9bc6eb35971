package web

import (
	"sync"
	"sync/atomic"
	"time"

	"example.com/herokuapp/counter-core/counterhttp"
)

// Tally counts the requests that could have been views and were not counted at once, by what
// became of them. The zero value has none. It is safe for concurrent use.
type Tally struct {
	counts sync.Map // of counterhttp.Status to *atomic.Int64
}

// Counts returns how many there were.
func (t *Tally) Counts() map[counterhttp.Status]int64 {
	counts := map[counterhttp.Status]int64{}
	for status, count := range t.counts.Range {
		counts[status.(counterhttp.Status)] = count.(*atomic.Int64).Load()
	}
	return counts
}

// Meter returns a meter that also counts for the tally. next may be nil.
func (t *Tally) Meter(next Meter) Meter {
	return func(route Route) Observer {
		var observer Observer
		if next != nil {
			observer = next(route)
		}
		if route.Surface == "" {
			return observer
		}
		return &tallied{t, observer}
	}
}

// tallied observes the answers of one route.
type tallied struct {
	tally *Tally
	next  Observer // may be nil
}

// Observe implements [Observer].
func (o *tallied) Observe(status int, view counterhttp.Status, took time.Duration) {
	if o.next != nil {
		o.next.Observe(status, view, took)
	}
	if view == "" || view == counterhttp.Counted {
		return
	}
	count, ok := o.tally.counts.Load(view)
	if !ok {
		count, _ = o.tally.counts.LoadOrStore(view, new(atomic.Int64))
	}
	count.(*atomic.Int64).Add(1)
}
