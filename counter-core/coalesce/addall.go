package coalesce

import (
	"context"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// AddAll adds delta to each of the counters, whose names differ, in the time that [Store.Add]
// takes for one: what is ready at once goes to the store at once. It returns what Add would
// return for each name.
func (s *Store) AddAll(ctx context.Context, names []string, delta int64) (values []int64, errs []error) {
	values, errs = make([]int64, len(names)), make([]error, len(names))
	err := ctx.Err()
	if err == nil {
		err = counter.CheckDelta(delta)
	}
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		return values, errs
	}
	tallies, places := make([]*tally, len(names)), make([]place, len(names))
	s.mu.Lock()
	now := time.Now()
	for i, name := range names {
		t, err := s.tallyLocked(name)
		if err != nil {
			errs[i] = err
			continue
		}
		s.stats.Additions = saturatingAdd(s.stats.Additions, delta)
		w := t.writer(s.opts.History)
		if cause := t.failing(); cause != nil {
			s.keepLocked(t, w, delta, now)
			errs[i] = t.pending(cause)
		} else {
			tallies[i], places[i] = t, s.joinLocked(t, w, delta, now)
			places[i].group.doneChan() // for await
		}
		s.scheduleLocked(t)
	}
	s.mu.Unlock()
	for i, t := range tallies {
		if t != nil {
			values[i], errs[i] = s.await(ctx, t, &places[i], places[i].group.done)
		}
	}
	return values, errs
}
