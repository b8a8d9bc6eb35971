package counters

import (
	"context"
	"errors"
	"fmt"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// ErrNoHistory says that the store does not know when additions were made.
var ErrNoHistory = errors.New("no history is kept here: see HISTORY")

// History is how many views a counter has counted in each step of a [Range].
type History struct {
	Range
	// Views are the numbers of the steps. Steps in which nothing was counted have 0.
	Views []int64
	// Since is the first date, in the time zone, of which anything is known. It is zero if
	// nothing is known.
	Since time.Time
	// UTCUntil is the last date whose number is, at least in part, that of the UTC day, because
	// its hours are no longer kept and the zone's day is a different one. It is zero if there
	// is none.
	UTCUntil time.Time
	// Hourless is the number of views in a range of hours of which only the day is known,
	// because their hours are no longer kept. No step includes them.
	Hourless int64
}

// Sum returns the views of all steps.
func (h History) Sum() (sum int64) {
	for _, views := range h.Views {
		sum += views
	}
	return sum
}

// History returns the history of a counter, which is all zeros if it has counted nothing. The
// error is [ErrNoHistory] if the store keeps no histories.
func (c *Counters) History(ctx context.Context, name string, r Range) (History, error) {
	histories, err := c.Histories(ctx, name, r)
	if err != nil {
		return History{}, err
	}
	return histories[0], nil
}

// Histories returns the history of a counter in each of the ranges. It asks the store once for
// all of them.
func (c *Counters) Histories(ctx context.Context, name string, ranges ...Range) ([]History, error) {
	historian, err := c.historian(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	first, known, err := firstBucket(ctx, historian, name)
	if err != nil {
		return nil, err
	}
	histories := make([]History, len(ranges))
	from, to := counter.MaxHour, counter.Hour(0)
	for i, r := range ranges {
		histories[i] = History{Range: r, Views: make([]int64, r.Len())}
		if known {
			histories[i].Since = r.date(first)
		}
		begin, end := r.span()
		from, to = min(from, begin), max(to, end)
	}
	if !known || first.Start > to {
		return histories, nil
	}
	for bucket, err := range historian.History(ctx, name, max(from, first.Start), to) {
		if err != nil {
			return nil, historyError(err)
		}
		for i := range histories {
			histories[i].add(bucket)
		}
	}
	return histories, nil
}

// Today returns how many views a counter has counted today, in the time zone.
func (c *Counters) Today(ctx context.Context, name string, zone *time.Location) (int64, error) {
	historian, err := c.historian(name)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	today := LastSteps(1, Daily, zone, time.Now())
	h := History{Range: today, Views: make([]int64, 1)}
	from, to := today.span()
	for bucket, err := range historian.History(ctx, name, from, to) {
		if err != nil {
			return 0, historyError(err)
		}
		h.add(bucket)
	}
	return h.Sum(), nil
}

func (c *Counters) historian(name string) (counter.Historian, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	historian, ok := counter.As[counter.Historian](c.store)
	if !ok {
		return nil, ErrNoHistory
	}
	return aliasedHistorian{historian, c.aliases}, nil
}

// historyError returns the error of a history that can't be read.
func historyError(err error) error {
	if errors.Is(err, errors.ErrUnsupported) { // of the store within a decorator
		return ErrNoHistory
	}
	return fmt.Errorf("read the history: %w", err)
}

// firstBucket returns the first bucket of a counter's history, if it has one.
func firstBucket(ctx context.Context, historian counter.Historian, name string) (first counter.Bucket, known bool, err error) {
	for bucket, err := range historian.History(ctx, name, 0, counter.MaxHour) {
		if err != nil {
			return first, false, historyError(err)
		}
		return bucket, true, nil
	}
	return first, false, nil
}

// add adds the bucket to the step to which it belongs, if there is one.
func (h *History) add(b counter.Bucket) {
	i, ok := h.ofBucket(b)
	day := b.Hours == counter.DayHours
	switch {
	case ok:
		h.Views[i] += b.Count
		if _, east := b.Start.Time().In(h.zone).Zone(); day && east != 0 {
			h.UTCUntil = b.Start.Time()
		}
	case day && h.step == Hourly && int64(b.Start) <= h.last && int64(b.Start)+counter.DayHours > h.first:
		h.Hourless += b.Count
	}
}

// date returns the date on which a bucket begins, in the time zone if its hour is known.
func (r Range) date(b counter.Bucket) time.Time {
	at := b.Start.Time()
	if b.Hours == 1 {
		at = at.In(r.zone)
	}
	year, month, day := at.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
