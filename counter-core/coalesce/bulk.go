package coalesce

import (
	"cmp"
	"context"
	"errors"
	"slices"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Bulk = (*Store)(nil)

// GetAll implements [counter.Bulk]. The values are the store's, without what is pending.
func (s *Store) GetAll(ctx context.Context, names []string) (values []int64, errs []error) {
	bounded := ctx
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, s.opts.Wait)
		defer cancel()
	}
	values, errs = counter.GetAll(bounded, s.inner, names)
	if bounded != ctx && ctx.Err() == nil {
		for i := range errs {
			errs[i] = ofAttempt(errs[i])
		}
	}
	return values, errs
}

// SetAll implements [counter.Bulk]. It waits until nothing is on the way to any of the
// counters, as Set does. Those for which it can't wait have the error [counter.ErrBusy]; the
// others are set.
func (s *Store) SetAll(ctx context.Context, entries []counter.Entry) []error {
	errs := make([]error, len(entries))
	if err := ctx.Err(); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	// In the order of their names, or two calls would wait for each other.
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(entries[a].Name, entries[b].Name) })
	var held []*tally
	var places []int // in entries
	var wanted []counter.Entry
	for _, i := range order {
		t, err := s.hold(ctx, entries[i].Name)
		if err != nil {
			errs[i] = err
			continue
		}
		defer s.release(t)
		held, places, wanted = append(held, t), append(places, i), append(wanted, entries[i])
	}
	attempt, cancel := context.WithTimeout(ctx, s.opts.AttemptTimeout)
	defer cancel()
	outcomes := counter.SetAll(attempt, s.inner, wanted)
	late := ctx.Err() != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, err := range outcomes {
		if !late {
			err = ofAttempt(err)
		}
		errs[places[n]] = err
		held[n].setLocked(wanted[n].Value, err)
	}
	return errs
}

// setLocked notes that the counter was set to the value, if err says that it may have been.
func (t *tally) setLocked(value int64, err error) {
	if err != nil && !errors.Is(err, counter.ErrUnknown) {
		return
	}
	t.total, t.known = value, err == nil
	for w := range t.writers() {
		w.end() // what the store had lost before must not be added to the value
	}
}
