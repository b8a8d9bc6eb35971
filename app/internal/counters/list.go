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

// listTimeout bounds a pass over all counters that somebody waits for.
const listTimeout = 20 * time.Second

// All yields the counters whose names begin with prefix, in no order, as
// [counter.Store.List] does.
func (c *Counters) All(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
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
		for _, ours := range []string{SitePrefix, PagePrefix} {
			switch {
			case strings.HasPrefix(prefix, ours):
				ours = prefix
			case !strings.HasPrefix(ours, prefix):
				continue
			}
			for entry, err := range c.store.List(ctx, ours) {
				if !yield(entry, err) {
					return
				}
			}
		}
	}
}

// Listing is a part of the counters, sorted by name.
type Listing struct {
	Entries []counter.Entry
	Before  int // how many counters come before the first of Entries
	Total   int // how many there are
	// Previous is the name after which the part of the same size before this one begins;
	// empty, it begins with the first counter.
	Previous string
}

// Next returns the name after which the next part begins, empty for the last one.
func (l Listing) Next() string {
	if len(l.Entries) == 0 || l.Before+len(l.Entries) >= l.Total {
		return ""
	}
	return l.Entries[len(l.Entries)-1].Name
}

// List returns the first limit counters that begin with prefix and whose names are
// greater than after. A store has no order, so this is a pass over all counters with the
// prefix, of which it holds a few times the limit.
func (c *Counters) List(ctx context.Context, prefix, after string, limit int) (Listing, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	var l Listing
	var earlier []counter.Entry
	backwards := func(a, b counter.Entry) int { return cmp.Compare(b.Name, a.Name) }
	for entry, err := range c.All(ctx, prefix) {
		if err != nil {
			c.log.Error("counters can't be listed", zap.Error(err))
			return Listing{}, fmt.Errorf("list the counters: %w", err)
		}
		l.Total++
		if entry.Name <= after {
			l.Before++
			earlier = keepFirst(append(earlier, entry), 2*limit+2, limit+1, backwards)
			continue
		}
		l.Entries = keepFirst(append(l.Entries, entry), 2*limit, limit, byName)
	}
	l.Entries = keepFirst(l.Entries, 0, limit, byName)
	if earlier = keepFirst(earlier, 0, limit+1, backwards); len(earlier) > limit {
		l.Previous = earlier[limit].Name
	}
	return l, nil
}

func byName(a, b counter.Entry) int { return cmp.Compare(a.Name, b.Name) }

// keepFirst sorts the entries, and drops all but the first limit, once there are full of them.
func keepFirst(entries []counter.Entry, full, limit int, order func(a, b counter.Entry) int) []counter.Entry {
	if len(entries) < full {
		return entries
	}
	slices.SortFunc(entries, order)
	return entries[:min(limit, len(entries))]
}
