package countermemory

import (
	"context"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Apply implements [counter.Backend]. Batches of one counter wait for each other;
// additions by [Store.Add] wait for none.
func (s *Store) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	for i, batch := range batches {
		results[i] = s.apply(ctx, batch)
	}
	return results
}

func (s *Store) apply(ctx context.Context, batch counter.Batch) counter.Result {
	if err := s.ready(ctx); err != nil {
		return counter.Result{Err: err}
	}
	if err := batch.Check(); err != nil {
		return counter.Result{Err: err}
	}
	c, err := s.cell(batch.Name)
	if err != nil {
		return counter.Result{Err: err}
	}
	return c.apply(batch, s.hoursKept())
}

// Retention implements [counter.Backend]: an hour.
func (s *Store) Retention() time.Duration { return retention }

func (c *cell) apply(batch counter.Batch, hoursKept int) counter.Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Under the lock, so that no record is older than the one it replaces.
	now := time.Now()
	delta := batch.Delta
	if last, ok := c.records.get(batch.Writer, now); ok {
		missing, err := batch.Missing(last.sum)
		if err != nil {
			return counter.Result{Err: err}
		}
		if missing == 0 {
			last.at = now
			c.records.put(batch.Writer, last)
			return counter.Result{Total: last.total}
		}
		delta = missing
	}
	timed := batch.Hour != 0 && delta > 0
	if timed && !c.pastLocked().history.fits(batch.Hour, delta) {
		return counter.Result{Err: historyOverflowError(batch.Name)}
	}
	total, ok := c.add(delta)
	if !ok {
		return counter.Result{Err: overflowError(batch.Name, total, delta)}
	}
	if timed {
		c.past.history.add(batch.Hour, delta, keep{counter.HourOf(now), hoursKept})
	}
	c.records.put(batch.Writer, record{sum: batch.Sum, total: total, at: now})
	return counter.Result{Total: total, Healed: delta - batch.Delta}
}
