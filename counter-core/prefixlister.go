package counter

import (
	"context"
	"iter"
)

// PrefixLister is implemented by a [Store] that lists the counters with several prefixes in one
// pass over what it has. Call it through [ListPrefixes].
type PrefixLister interface {
	// ListPrefixes yields the counters that List yields for any of the prefixes, each once.
	ListPrefixes(ctx context.Context, prefixes []string) iter.Seq2[Entry, error]
}

// ListPrefixes yields the counters whose names begin with any of the prefixes, none of which
// begins with another, as [Store.List] does. It takes one pass if the store is a [PrefixLister],
// and otherwise one for each prefix.
func ListPrefixes(ctx context.Context, store Store, prefixes []string) iter.Seq2[Entry, error] {
	if lister, ok := As[PrefixLister](store); ok {
		return lister.ListPrefixes(ctx, prefixes)
	}
	return func(yield func(Entry, error) bool) {
		for _, prefix := range prefixes {
			for entry, err := range store.List(ctx, prefix) {
				if !yield(entry, err) || err != nil {
					return
				}
			}
		}
	}
}
