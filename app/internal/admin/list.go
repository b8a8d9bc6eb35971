package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
)

// counters yields the app's counters whose names begin with prefix, as
// [counter.Store.List] does.
func counters(ctx context.Context, store counter.Store, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		if strings.HasPrefix(web.HomeCounter, prefix) {
			value, err := store.Get(ctx, web.HomeCounter)
			switch {
			case errors.Is(err, counter.ErrType): // no counter, as List sees it
			case err != nil:
				yield(counter.Entry{}, err)
				return
			case value != 0 && !yield(counter.Entry{Name: web.HomeCounter, Value: value}, nil):
				return
			}
		}
		switch {
		case strings.HasPrefix(prefix, viewsPrefix):
		case strings.HasPrefix(viewsPrefix, prefix):
			prefix = viewsPrefix
		default:
			return
		}
		for entry, err := range store.List(ctx, prefix) {
			if !yield(entry, err) {
				return
			}
		}
	}
}

// page is a part of the counters, sorted by name.
type page struct {
	entries []counter.Entry
	before  int // counters that come before the first of the entries
	total   int // counters in all
}

// next is the name after which the next page begins, empty on the last one.
func (p page) next() string {
	if len(p.entries) == 0 || p.before+len(p.entries) >= p.total {
		return ""
	}
	return p.entries[len(p.entries)-1].Name
}

// list returns the first limit counters that begin with prefix and whose names are
// greater than after. A store has no order, so each page is a pass over all
// counters with the prefix; of them it holds twice the limit at most.
func list(ctx context.Context, store counter.Store, prefix, after string, limit int) (page, error) {
	var p page
	for entry, err := range counters(ctx, store, prefix) {
		if err != nil {
			return page{}, fmt.Errorf("list the counters: %w", err)
		}
		p.total++
		if entry.Name <= after {
			p.before++
			continue
		}
		p.entries = append(p.entries, entry)
		if len(p.entries) == 2*limit {
			p.entries = first(p.entries, limit)
		}
	}
	p.entries = first(p.entries, limit)
	return p, nil
}

// first returns the limit entries with the smallest names, sorted.
func first(entries []counter.Entry, limit int) []counter.Entry {
	slices.SortFunc(entries, func(a, b counter.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return entries[:min(limit, len(entries))]
}
