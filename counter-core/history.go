package counter

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Hour is an hour of UTC, as how many began before it since 1970.
type Hour int64

// DayHours is how many hours a day of UTC has. A day begins with an hour that is a
// multiple of it.
const DayHours = 24

// MaxHour is the last hour that has a history: that before the year 10000.
const MaxHour Hour = 70_389_528 - 1

// HourOf returns the hour in which t is.
func HourOf(t time.Time) Hour {
	const second = 60 * 60
	unix := t.Unix()
	hour := unix / second
	if unix%second < 0 {
		hour--
	}
	return Hour(hour)
}

// HistoryHour returns the hour in which t is, for a [Batch]. If t is out of the range that
// has a history, as by a clock that is wrong by decades, it is 0: then what is added counts
// in no hour, instead of being refused.
func HistoryHour(t time.Time) Hour {
	if hour := HourOf(t); hour > 0 && hour <= MaxHour {
		return hour
	}
	return 0
}

// Time returns when the hour begins, in UTC.
func (h Hour) Time() time.Time { return time.Unix(int64(h)*60*60, 0).UTC() }

// Day returns the first hour of the day that h is in. h must not be negative.
func (h Hour) Day() Hour { return h - h%DayHours }

// DefaultHistoryHours is how many hours after a day a store keeps the hours of that day,
// unless it is told otherwise: 60 days.
const DefaultHistoryHours = 60 * DayHours

// KeptUntil returns the hour in which a store drops h, if it keeps the hours of a day for
// so many hours after the day. From then on only the day is left. All hours of a day are
// dropped together. h must not be negative.
func (h Hour) KeptUntil(historyHours int) Hour { return h.Day() + DayHours + Hour(historyHours) }

// Bucket is what a counter has counted in an hour or in a day.
type Bucket struct {
	// Start is the hour, or the first hour of the day.
	Start Hour
	// Hours is 1 for an hour, and [DayHours] for a day.
	Hours int
	// Count is how many additions the bucket has, more than 0.
	Count int64
}

// ErrBucket says that a [Bucket] is neither an hour nor a day of UTC, that its count is
// not positive, or that there are two of the same time. Nothing changed.
var ErrBucket = errors.New("counter: bad bucket")

// CheckBuckets returns nil if the buckets can be a history: if each is an hour or a day
// from 0 to [MaxHour], none is there twice, the counts are positive and their sum fits an
// int64. A day may be there along with hours of it: then it has additions whose hour isn't
// known. Otherwise the error wraps [ErrBucket] or [ErrOverflow].
func CheckBuckets(buckets []Bucket) error {
	type span struct {
		start Hour
		hours int
	}
	seen := make(map[span]struct{}, len(buckets))
	var sum int64
	for _, b := range buckets {
		at := span{b.Start, b.Hours}
		_, again := seen[at]
		switch {
		case b.Hours != 1 && b.Hours != DayHours:
			return fmt.Errorf("%w: it has %d hours; 1 or %d are allowed", ErrBucket, b.Hours, DayHours)
		case b.Start < 0 || b.Start > MaxHour:
			return fmt.Errorf("%w: hour %d is not from 0 to %d", ErrBucket, b.Start, MaxHour)
		case b.Hours == DayHours && b.Start != b.Start.Day():
			return fmt.Errorf("%w: hour %d does not begin a day of UTC", ErrBucket, b.Start)
		case b.Count < 1:
			return fmt.Errorf("%w: its count is %d, less than 1", ErrBucket, b.Count)
		case again:
			return fmt.Errorf("%w: %s is there twice", ErrBucket, b.Start.Time().Format(time.DateTime))
		case sum+b.Count < sum:
			return fmt.Errorf("%w: the sum of a history", ErrOverflow)
		}
		seen[at] = struct{}{}
		sum += b.Count
	}
	return nil
}

// Historian is implemented by a [Store] that knows when additions were made. Reach it with
// [As].
//
// A [Batch] with an Hour adds to the hour, to its day and to the counter in one atomic step.
// If the hour or the day would exceed the largest int64, the error is [ErrOverflow] and
// nothing changes. Days are kept as long as the counter is. The hours of a day are kept for
// a time after it, by the store's clock and not by that of the writers; see
// [Hour.KeptUntil]. A batch of an hour that is no longer kept adds to the day alone.
// [Store.Set] doesn't change the history, except that setting a counter to 0 removes it.
// [Store.Add] doesn't change it either, unless the store is an [Adjuster].
type Historian interface {
	// History yields what was counted from the hour from to the hour to, both included, in
	// the order of Start, a day before its hours. Each addition is in one bucket: in its hour
	// as long as that is kept, otherwise in its day, which is yielded if any of its hours is
	// in the range. A day that is yielded along with hours of it has the rest alone. What has
	// counted nothing is left out. After an error it yields nothing more. The first bucket of
	// all says since when there is a history.
	//
	// The buckets of a day are what they were at one moment, also while others add.
	History(ctx context.Context, name string, from, to Hour) iter.Seq2[Bucket, error]

	// SetHistory replaces the whole history of the counter, in one atomic step. The counter
	// keeps its value. No buckets remove the history. Hours that are no longer kept go to
	// their days. If [CheckBuckets] refuses the buckets, so does SetHistory.
	SetHistory(ctx context.Context, name string, buckets []Bucket) error
}

// Adjuster is implemented by a [Store] whose additions are part of the history. Call it
// through [Adjust].
type Adjuster interface {
	// Adjust is Add, but leaves the history as it is: a correction is not a view of this
	// hour.
	Adjust(ctx context.Context, name string, delta int64) (int64, error)
}

// Adjust adds to the counter as [Store.Add] does, and leaves its history as it is. A store
// that is not an [Adjuster] is assumed to do so with every addition.
func Adjust(ctx context.Context, store Store, name string, delta int64) (int64, error) {
	if adjuster, ok := As[Adjuster](store); ok {
		return adjuster.Adjust(ctx, name, delta)
	}
	return store.Add(ctx, name, delta)
}
