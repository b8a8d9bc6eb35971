package countermemory

import (
	"math"
	"math/bits"
	"slices"

	counter "example.com/herokuapp/counter-core"
)

// history is what one counter has counted in which hour and day. The zero value is empty.
type history struct{ days []day } // by start

// day is a day that has counted something.
type day struct {
	start counter.Hour
	total int64
	hours *hours // nil if they are no longer kept, or none is known
}

// hours are the hours of a day that have counted something.
type hours struct {
	set    uint32  // a bit for each of them, the lowest for the first hour of the day
	counts []int64 // in the order of the hours
}

// find returns where the day of the hour is, or is to be inserted.
func (h *history) find(hour counter.Hour) (at int, found bool) {
	start := hour.Day()
	if last := len(h.days) - 1; last >= 0 && h.days[last].start == start { // as almost always
		return last, true
	}
	return slices.BinarySearchFunc(h.days, start, func(d day, start counter.Hour) int { return int(d.start - start) })
}

// fits reports whether delta can be added to the day of the hour.
func (h *history) fits(hour counter.Hour, delta int64) bool {
	at, found := h.find(hour)
	return !found || h.days[at].total <= math.MaxInt64-delta
}

// fitsAll reports whether another history can be added.
func (h *history) fitsAll(other *history) bool {
	for _, d := range other.days {
		if !h.fits(d.start, d.total) {
			return false
		}
	}
	return true
}

// add adds delta, which fits, to the hour and its day, or to the day alone if the hour is
// no longer kept.
func (h *history) add(hour counter.Hour, delta int64, keep keep) {
	d := h.addToDay(hour, delta, keep)
	if !keep.has(hour) {
		return
	}
	if d.hours == nil {
		d.hours = new(hours)
	}
	d.hours.add(int(hour-d.start), delta)
}

// addToDay adds delta to the day of the hour, but to none of its hours.
func (h *history) addToDay(hour counter.Hour, delta int64, keep keep) *day {
	at, found := h.find(hour)
	if !found {
		h.expire(keep) // about once a day
		h.days = slices.Insert(h.days, at, day{start: hour.Day()})
	}
	h.days[at].total += delta
	return &h.days[at]
}

// addAll adds another history, which fits.
func (h *history) addAll(other *history, keep keep) {
	for _, d := range other.days {
		rest := d.total
		if d.hours != nil {
			for hour, count := range d.hours.all {
				h.add(d.start+counter.Hour(hour), count, keep)
				rest -= count
			}
		}
		if rest > 0 {
			h.addToDay(d.start, rest, keep)
		}
	}
}

// expire drops the hours that are no longer kept.
func (h *history) expire(keep keep) {
	for i := range h.days {
		if !keep.has(h.days[i].start) {
			h.days[i].hours = nil
		}
	}
}

// buckets returns what was counted between the two hours, both included.
func (h *history) buckets(from, to counter.Hour, keep keep) []counter.Bucket {
	h.expire(keep)
	var buckets []counter.Bucket
	for _, d := range h.days {
		if d.start+counter.DayHours <= from || to < d.start || to < from {
			continue
		}
		rest, at := d.total, len(buckets)
		if d.hours != nil {
			for i, count := range d.hours.all {
				rest -= count
				if hour := d.start + counter.Hour(i); from <= hour && hour <= to {
					buckets = append(buckets, counter.Bucket{Start: hour, Hours: 1, Count: count})
				}
			}
		}
		if rest > 0 {
			buckets = slices.Insert(buckets, at, counter.Bucket{Start: d.start, Hours: counter.DayHours, Count: rest})
		}
	}
	return buckets
}

// historyOf returns the history that has the buckets, whatever their order.
func historyOf(buckets []counter.Bucket, keep keep) *history {
	h := new(history)
	sorted := slices.SortedFunc(slices.Values(buckets), func(x, y counter.Bucket) int { return int(x.Start - y.Start) })
	for _, b := range sorted {
		if b.Hours == 1 {
			h.add(b.Start, b.Count, keep)
		} else {
			h.addToDay(b.Start, b.Count, keep)
		}
	}
	return h
}

func (h *hours) add(hour int, delta int64) {
	bit := uint32(1) << hour
	at := bits.OnesCount32(h.set & (bit - 1))
	if h.set&bit == 0 {
		h.set |= bit
		h.counts = slices.Insert(h.counts, at, 0)
	}
	h.counts[at] += delta
}

// all yields the hours of the day, by their number, with their counts.
func (h *hours) all(yield func(hour int, count int64) bool) {
	set := h.set
	for _, count := range h.counts {
		if !yield(bits.TrailingZeros32(set), count) {
			return
		}
		set &= set - 1
	}
}

// keep says which hours are kept.
type keep struct {
	now   counter.Hour
	hours int // after their day
}

func (k keep) has(hour counter.Hour) bool { return k.now < hour.KeptUntil(k.hours) }
