package countermemory

import (
	"context"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.BulkHistorian = (*Store)(nil)

// Histories implements [counter.BulkHistorian].
func (s *Store) Histories(ctx context.Context, names []string, from, to counter.Hour) (histories [][]counter.Bucket, errs []error) {
	histories, errs = make([][]counter.Bucket, len(names)), make([]error, len(names))
	keep := s.keep()
	for i, name := range names {
		if errs[i] = s.ready(ctx); errs[i] != nil {
			continue
		}
		if c, ok := s.cells.Load(name); ok {
			histories[i] = c.(*cell).buckets(from, to, keep)
		} else {
			errs[i] = counter.CheckName(name)
		}
	}
	return histories, errs
}

// Days implements [counter.BulkHistorian].
func (s *Store) Days(ctx context.Context, names []string, from, to counter.Hour) (days [][]counter.Bucket, errs []error) {
	from, to = counter.WholeDays(from, to)
	days, errs = s.Histories(ctx, names, from, to)
	for i := range days {
		days[i] = counter.SumDays(days[i])
	}
	return days, errs
}
