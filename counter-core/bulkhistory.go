package counter

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// BulkHistorian is implemented by a [Historian] that reads the histories of many counters in
// a few calls. Call it through [Histories] and [Days].
type BulkHistorian interface {
	// Histories returns for each name what History would yield.
	Histories(ctx context.Context, names []string, from, to Hour) (histories [][]Bucket, errs []error)

	// Days returns for each name what was counted on each day of UTC, from the day that from is
	// in to the day that to is in, both in full: one bucket a day, in order, whether its hours
	// are kept or not. Days that have counted nothing are left out. If from is after to, there
	// are none.
	Days(ctx context.Context, names []string, from, to Hour) (days [][]Bucket, errs []error)
}

// Histories returns for each name what [Historian.History] would yield, in a few calls if
// the store's Historian is also a [BulkHistorian], and otherwise in several at a time. If the
// store has no Historian, each error is [errors.ErrUnsupported].
func Histories(ctx context.Context, store Store, names []string, from, to Hour) (histories [][]Bucket, errs []error) {
	historian, ok := As[Historian](store)
	if !ok {
		err := fmt.Errorf("counter: the store keeps no history: %w", errors.ErrUnsupported)
		return make([][]Bucket, len(names)), slices.Repeat([]error{err}, len(names))
	}
	if bulk, ok := historian.(BulkHistorian); ok {
		return bulk.Histories(ctx, names, from, to)
	}
	histories, errs = make([][]Bucket, len(names)), make([]error, len(names))
	several(len(names), func(i int) {
		for bucket, err := range historian.History(ctx, names[i], from, to) {
			if err != nil {
				histories[i], errs[i] = nil, err
				return
			}
			histories[i] = append(histories[i], bucket)
		}
	})
	return histories, errs
}

// Days returns for each name one bucket for each day of UTC, as [BulkHistorian] says. Like
// [Histories], it makes a few calls or several at a time.
func Days(ctx context.Context, store Store, names []string, from, to Hour) (days [][]Bucket, errs []error) {
	if historian, ok := As[Historian](store); ok {
		if bulk, ok := historian.(BulkHistorian); ok {
			return bulk.Days(ctx, names, from, to)
		}
	}
	from, to = WholeDays(from, to)
	days, errs = Histories(ctx, store, names, from, to)
	for i := range days {
		days[i] = SumDays(days[i])
	}
	return days, errs
}

// WholeDays returns the first hour of the day that from is in and the last hour of the day that
// to is in, without what is before 0 or after [MaxHour]. If nothing is left, first is after last.
func WholeDays(from, to Hour) (first, last Hour) {
	from, to = max(from, 0), min(to, MaxHour)
	if from > to {
		return 1, 0
	}
	return from.Day(), to.Day() + DayHours - 1
}

// SumDays returns a history with one bucket a day, which has that day's hours, too. The
// buckets must be in the order of their Start. The result uses their memory.
func SumDays(buckets []Bucket) []Bucket {
	days := buckets[:0]
	for _, b := range buckets {
		day := b.Start.Day()
		if last := len(days) - 1; last >= 0 && days[last].Start == day {
			days[last].Count += b.Count
			continue
		}
		days = append(days, Bucket{Start: day, Hours: DayHours, Count: b.Count})
	}
	return days
}
