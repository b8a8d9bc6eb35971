package coalesce

import (
	"context"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// AddAll implements [counter.AllAdder]. What is ready at once goes to the store at once.
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
	joined := make([]struct {
		tally *tally
		place place
	}, len(names))
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
			joined[i].tally, joined[i].place = t, s.joinLocked(t, w, delta, now)
			joined[i].place.group.doneChan() // for await
		}
		s.scheduleLocked(t)
	}
	s.mu.Unlock()
	for i := range joined {
		if j := &joined[i]; j.tally != nil {
			values[i], errs[i] = s.await(ctx, j.tally, &j.place, j.place.group.done)
		}
	}
	return values, errs
}
