package counterfile

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Historian = (*Store)(nil)

// hoursSince returns the first hour that is kept.
func (s *Store) hoursSince(now int64) counter.Hour {
	return max(counter.Hour(now/(60*60)-int64(s.historyHours)), 0).Day()
}

// addInHour adds to a counter and, unless hour is 0, to its history. A refusal leaves both as
// they were.
func addInHour(tx *bbolt.Tx, name string, delta int64, hour, since counter.Hour) (int64, error) {
	total, err := plus(tx, name, delta)
	if err != nil || delta == 0 {
		return total, err
	}
	if hour != 0 {
		if err := addHistory(tx, name, counter.Bucket{Start: hour, Hours: 1, Count: delta}, since); err != nil {
			return 0, err
		}
	}
	return total, put(tx, []byte(name), total)
}

// addHistory adds the bucket to a counter's history. Hours before since are not kept.
// [counter.ErrOverflow] leaves the history as it was.
func addHistory(tx *bbolt.Tx, name string, added counter.Bucket, since counter.Hour) error {
	if added.Start < since {
		return addToDay(tx, name, added.Start.Day(), added.Count)
	}
	key, at := hoursKey(name, added.Start), added.Start%counter.DayHours
	if added.Hours != 1 {
		at = wholeDay
	}
	b, c, err := countsAt(tx, hours, key)
	switch {
	case err != nil:
		return err
	case c.sum() > math.MaxInt64-added.Count:
		return historyOverflow(name, added.Start, added.Count)
	}
	c[at] += added.Count
	return b.Put(key, c.encode(key))
}

// addToDay adds to a day whose hours are not kept.
func addToDay(tx *bbolt.Tx, name string, day counter.Hour, n int64) error {
	if b := bucket(tx, hours); b != nil {
		key := hoursKey(name, day)
		if text := b.Get(key); text != nil {
			if err := sweepHours(tx, key, text); err != nil {
				return err
			}
		}
	}
	key, at := daysKey(name, day), slotOf(day)
	b, c, err := countsAt(tx, days, key)
	switch {
	case err != nil:
		return err
	case c[at] > math.MaxInt64-n:
		return historyOverflow(name, day, n)
	}
	c[at] += n
	return b.Put(key, c.encode(key))
}

func historyOverflow(name string, hour counter.Hour, n int64) error {
	return fmt.Errorf("%w: the history of %q on %s, adding %d", counter.ErrOverflow, name, hour.Time().Format(time.DateOnly), n)
}

// sweepHours moves a row of hours to its day.
func sweepHours(tx *bbolt.Tx, from, text []byte) error {
	row, err := decodeCounts(from, text)
	if err != nil {
		return err
	}
	day, name := splitHoursKey(from)
	key, at := daysKey(name, day), slotOf(day)
	b, c, err := countsAt(tx, days, key)
	if err != nil {
		return err
	}
	// The day has something already if hours were once kept for a shorter time. If the sum
	// is too large, it is the maximum, because a sweep must not fail for it.
	c[at] = sum(c[at], row.sum())
	if err := b.Put(key, c.encode(key)); err != nil {
		return err
	}
	return bucket(tx, hours).Delete(from)
}

// sweepOldest looks at the n oldest rows of hours, and moves those before since to their days.
func sweepOldest(tx *bbolt.Tx, since counter.Hour, n int) error {
	b := bucket(tx, hours)
	if b == nil {
		return nil
	}
	for range n {
		// A cursor does not survive the deletion.
		key, text := b.Cursor().First()
		if key == nil {
			return nil
		}
		if day, _ := splitHoursKey(key); day >= since {
			return nil
		}
		if err := sweepHours(tx, slices.Clone(key), text); err != nil {
			return err
		}
	}
	return nil
}

// SetHistory implements [counter.Historian].
func (s *Store) SetHistory(ctx context.Context, name string, buckets []counter.Bucket) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := counter.CheckName(name); err != nil {
		return err
	}
	if err := counter.CheckBuckets(buckets); err != nil {
		return err
	}
	buckets = slices.Clone(buckets)
	_, err := change(ctx, s, func(tx *bbolt.Tx) (struct{}, error) {
		if err := removeHistory(tx, name); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, addBuckets(tx, name, buckets, s.hoursSince(s.now()))
	})
	return err
}

// addBuckets adds to a counter's history.
func addBuckets(tx *bbolt.Tx, name string, buckets []counter.Bucket, since counter.Hour) error {
	for _, b := range buckets {
		if err := addHistory(tx, name, b, since); err != nil {
			return err
		}
	}
	return nil
}

// removeHistory removes a counter's history.
func removeHistory(tx *bbolt.Tx, name string) error {
	for name, rows := range map[string]iter.Seq2[row, error]{
		hours: hoursOf(tx, name, 0, counter.MaxHour),
		days:  daysOf(tx, name, 0, counter.MaxHour),
	} {
		var keys [][]byte
		for row, err := range rows {
			if err != nil {
				return err
			}
			keys = append(keys, row.key)
		}
		for _, key := range keys {
			if err := bucket(tx, name).Delete(key); err != nil {
				return err
			}
		}
	}
	return nil
}
