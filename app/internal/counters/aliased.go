package counters

import (
	"context"
	"iter"
	"slices"

	counter "example.com/herokuapp/counter-core"
)

// Counted returns the store for everything that counts views and shows numbers. There, an alias
// stands for its new name.
func (c *Counters) Counted() counter.Store { return aliased{c.store, c.aliases} }

// aliased is a store in which aliases stand for their new names. Set and List pass through,
// because they are for the owner, who sees names as they are.
type aliased struct {
	counter.Store
	aliases *aliases
}

// Unwrap gives access to those optional interfaces of the store that don't take names.
func (s aliased) Unwrap() counter.Store { return s.Store }

// Add implements [counter.Store].
func (s aliased) Add(ctx context.Context, name string, delta int64) (int64, error) {
	return s.Store.Add(ctx, s.aliases.resolve(name), delta)
}

// AddAll implements [counter.AllAdder]. A store that is not an AllAdder does not gather
// additions, so they are made one after the other. The same goes for additions to one counter
// under two names.
func (s aliased) AddAll(ctx context.Context, names []string, delta int64) (values []int64, errs []error) {
	resolved := names
	for i, name := range names {
		if final := s.aliases.resolve(name); final != name {
			if &resolved[0] == &names[0] {
				resolved = slices.Clone(names)
			}
			resolved[i] = final
		}
	}
	all, ok := s.Store.(counter.AllAdder)
	if ok && differ(resolved) {
		return all.AddAll(ctx, resolved, delta)
	}
	values, errs = make([]int64, len(names)), make([]error, len(names))
	for i, name := range resolved {
		values[i], errs[i] = s.Store.Add(ctx, name, delta)
	}
	return values, errs
}

// differ reports whether no two names are the same.
func differ(names []string) bool {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return false
		}
	}
	return true
}

// Get implements [counter.Store].
func (s aliased) Get(ctx context.Context, name string) (int64, error) {
	return s.Store.Get(ctx, s.aliases.resolve(name))
}

// AtLeast implements [counter.Estimator]. If the store is not an Estimator, nothing is known.
func (s aliased) AtLeast(name string) (value int64, known bool) {
	estimator, ok := counter.As[counter.Estimator](s.Store)
	if !ok {
		return 0, false
	}
	return estimator.AtLeast(s.aliases.resolve(name))
}

// aliasedHistorian is an aliased store that also keeps histories.
type aliasedHistorian struct {
	counter.Historian
	aliases *aliases
}

// History implements [counter.Historian].
func (h aliasedHistorian) History(ctx context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return h.Historian.History(ctx, h.aliases.resolve(name), from, to)
}
