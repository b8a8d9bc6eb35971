package counters

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// listTimeout limits a pass over all counters while somebody waits for it.
const listTimeout = 20 * time.Second

// All yields the counters whose names begin with prefix, in no particular order, as
// [counter.Store.List] does.
func (c *Counters) All(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return c.all(ctx, prefix, SitePrefix, PagePrefix)
}

// all is [Counters.All] for the home page and for names that begin with one of kinds.
func (c *Counters) all(ctx context.Context, prefix string, kinds ...string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		if strings.HasPrefix(Home, prefix) {
			value, err := c.store.Get(ctx, Home)
			switch {
			case errors.Is(err, counter.ErrType): // not a counter, and List leaves those out
			case err != nil:
				yield(counter.Entry{}, err)
				return
			case value != 0 && !yield(counter.Entry{Name: Home, Value: value}, nil):
				return
			}
		}
		var prefixes []string
		for _, ours := range kinds {
			switch {
			case strings.HasPrefix(prefix, ours):
				prefixes = append(prefixes, prefix)
			case strings.HasPrefix(ours, prefix):
				prefixes = append(prefixes, ours)
			}
		}
		for entry, err := range counter.ListPrefixes(ctx, c.store, prefixes) {
			if !yield(entry, err) {
				return
			}
		}
	}
}

// Query says which counters to list.
type Query struct {
	// Prefix is what the names begin with.
	Prefix string
	// NoSites leaves out the totals of sites.
	NoSites bool
	// ByValue sorts by value, the largest first, and equal ones by name. Otherwise the
	// counters are sorted by name.
	ByValue bool
	// After is the counter before the first one listed, by its name and, with ByValue,
	// the value it had when it was listed. Without a name, the list begins at its start.
	After counter.Entry
	// Limit is how many counters are listed at most.
	Limit int
}

// compare orders entries as the query asks for.
func (q Query) compare(a, b counter.Entry) int {
	if q.ByValue {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name))
	}
	return cmp.Compare(a.Name, b.Name)
}

// Listing is a part of the counters, in order.
type Listing struct {
	Entries []counter.Entry
	Before  int // how many counters come before the first of Entries
	Total   int // how many there are
	// Previous is where the part of the same size before this one begins: its
	// [Query.After].
	Previous counter.Entry
}

// Next returns where the next part begins: its [Query.After]. It has no name after the
// last part.
func (l Listing) Next() counter.Entry {
	if len(l.Entries) == 0 || l.Before+len(l.Entries) >= l.Total {
		return counter.Entry{}
	}
	return l.Entries[len(l.Entries)-1]
}

// List returns the counters that the query asks for. A store has no order, so List goes through
// all counters with the prefix. It holds a few times the limit in memory.
func (c *Counters) List(ctx context.Context, q Query) (Listing, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	kinds := []string{SitePrefix, PagePrefix}
	if q.NoSites {
		kinds = kinds[1:]
	}
	backwards := func(a, b counter.Entry) int { return q.compare(b, a) }
	var l Listing
	var earlier []counter.Entry
	for entry, err := range c.all(ctx, q.Prefix, kinds...) {
		if err != nil {
			c.log.Error("counters can't be listed", zap.Error(err))
			return Listing{}, fmt.Errorf("list the counters: %w", err)
		}
		l.Total++
		if q.After.Name != "" && q.compare(entry, q.After) <= 0 {
			l.Before++
			earlier = keepFirst(append(earlier, entry), 2*q.Limit+2, q.Limit+1, backwards)
			continue
		}
		l.Entries = keepFirst(append(l.Entries, entry), 2*q.Limit, q.Limit, q.compare)
	}
	l.Entries = keepFirst(l.Entries, 0, q.Limit, q.compare)
	if earlier = keepFirst(earlier, 0, q.Limit+1, backwards); len(earlier) > q.Limit {
		l.Previous = earlier[q.Limit]
	}
	return l, nil
}

// keepFirst sorts the entries and drops all but the first limit, once there are full of them.
func keepFirst(entries []counter.Entry, full, limit int, order func(a, b counter.Entry) int) []counter.Entry {
	if len(entries) < full {
		return entries
	}
	slices.SortFunc(entries, order)
	return entries[:min(limit, len(entries))]
}
