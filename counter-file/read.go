package counterfile

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"iter"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.BulkHistorian = (*Store)(nil)

// History implements [counter.Historian]. It reads only the first month or so in one
// transaction, because some callers want just the first bucket, and the rest in others.
func (s *Store) History(ctx context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) {
		from, to := max(from, 0), min(to, counter.MaxHour)
		for length := blockHours; ; length = 100 * blockHours {
			part, err := s.historyPart(ctx, name, from, to, length)
			for _, b := range part.buckets {
				if err := s.ready(ctx); err != nil {
					yield(counter.Bucket{}, err)
					return
				}
				if !yield(b, nil) {
					return
				}
			}
			if err != nil {
				yield(counter.Bucket{}, err)
				return
			}
			if from = part.next; from > to {
				return
			}
		}
	}
}

// historyPart is a part of a counter's history.
type historyPart struct {
	buckets []counter.Bucket
	next    counter.Hour // the first one after it
}

// historyPart returns a counter's history for so many hours from its first rows on. It ends
// with a whole day.
func (s *Store) historyPart(ctx context.Context, name string, from, to, length counter.Hour) (historyPart, error) {
	if err := s.ready(ctx); err != nil {
		return historyPart{}, err
	}
	if err := counter.CheckName(name); err != nil {
		return historyPart{}, err
	}
	since := s.hoursSince(s.now())
	return view(ctx, s, func(tx *bbolt.Tx) (historyPart, error) {
		begin, err := firstOf(tx, name, from, to)
		if err != nil || begin > to {
			return historyPart{next: to + 1}, err
		}
		next := begin.Day() + length
		buckets, err := bucketsOf(tx, name, max(from, begin), min(next-1, to), since)
		return historyPart{buckets, next}, err
	})
}

// firstOf returns when the counter's first row for the hours from from to to begins. If there
// is none, it returns a later hour.
func firstOf(tx *bbolt.Tx, name string, from, to counter.Hour) (counter.Hour, error) {
	first := to + 1
	if from > to {
		return first, nil
	}
	for row, err := range daysOf(tx, name, from, to) {
		if err != nil {
			return 0, err
		}
		first = row.start
		break
	}
	for row, err := range hoursOf(tx, name, from, min(first, to)) {
		if err != nil {
			return 0, err
		}
		first = min(first, row.start)
		break
	}
	return first, nil
}

// bucketsOf returns a counter's history from from to to.
func bucketsOf(tx *bbolt.Tx, name string, from, to, since counter.Hour) ([]counter.Bucket, error) {
	if from > to {
		return nil, nil
	}
	g := gathering{from: from, to: to, since: since}
	for _, rows := range []struct {
		all iter.Seq2[row, error]
		add func(*row)
	}{{daysOf(tx, name, from, to), g.addDays}, {hoursOf(tx, name, from, to), g.addHours}} {
		for row, err := range rows.all {
			if err != nil {
				return nil, err
			}
			rows.add(&row)
		}
	}
	return g.ordered(), nil
}

// Histories implements [counter.BulkHistorian]. It reads up to a thousand of them in one
// transaction.
func (s *Store) Histories(ctx context.Context, names []string, from, to counter.Hour) ([][]counter.Bucket, []error) {
	return s.readAll(ctx, names, gathering{from: max(from, 0), to: min(to, counter.MaxHour)})
}

// Days implements [counter.BulkHistorian], as Histories does.
func (s *Store) Days(ctx context.Context, names []string, from, to counter.Hour) ([][]counter.Bucket, []error) {
	from, to = counter.WholeDays(from, to)
	return s.readAll(ctx, names, gathering{from: from, to: to, byDay: true})
}

// readAll gathers the histories of all these counters as wanted says.
func (s *Store) readAll(ctx context.Context, names []string, wanted gathering) (histories [][]counter.Bucket, errs []error) {
	histories = make([][]counter.Bucket, len(names))
	if err := s.ready(ctx); err != nil {
		return histories, allOf(names, err)
	}
	wanted.since = s.hoursSince(s.now())
	errs = make([]error, len(names))
	var places []int // in names, in the order of the file
	for i, name := range names {
		if errs[i] = counter.CheckName(name); errs[i] == nil {
			places = append(places, i)
		}
	}
	slices.SortFunc(places, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	for some := range slices.Chunk(places, pageLen) {
		all := make([]gathering, len(some)) // a transaction has its own: the caller may be gone by then
		for i, place := range some {
			all[i] = wanted
			all[i].name = names[place]
		}
		_, err := view(ctx, s, func(tx *bbolt.Tx) (struct{}, error) { return struct{}{}, gather(tx, all) })
		for i, place := range some {
			if errs[place] = err; err == nil {
				histories[place] = all[i].ordered()
			}
		}
	}
	return histories, errs
}

// gather reads the histories of counters, sorted by name, for the same hours.
func gather(tx *bbolt.Tx, all []gathering) error {
	from, to := all[0].from, all[0].to
	if from > to {
		return nil
	}
	for i := range all {
		for row, err := range daysOf(tx, all[i].name, from, to) {
			if err != nil {
				return err
			}
			all[i].addDays(&row)
		}
	}
	b := bucket(tx, hours)
	if b == nil {
		return nil
	}
	cursor := b.Cursor()
	var wanted []byte
	for day := from.Day(); day <= to; day += counter.DayHours {
		key, text := cursor.Seek(hoursKey(all[0].name, day))
		for i := range all {
			wanted = append(appendNumber(wanted[:0], day/counter.DayHours), all[i].name...)
			if key, text = forward(cursor, key, text, wanted); key == nil {
				break
			}
			if !bytes.Equal(key, wanted) {
				continue
			}
			c, err := decodeCounts(key, text)
			if err != nil {
				return err
			}
			all[i].addHours(&row{start: day, counts: c})
		}
		if key == nil {
			return nil
		}
		if next := counter.Hour(binary.BigEndian.Uint32(key)) * counter.DayHours; next > day { // there is nothing before
			day = next - counter.DayHours
		}
	}
	return nil
}

// forward moves a cursor that is at key to the first key that is not less than wanted. That is
// often one of the next few, and stepping there is faster than searching.
func forward(cursor *bbolt.Cursor, key, text, wanted []byte) (at, value []byte) {
	const steps = 8
	for range steps {
		if key == nil || bytes.Compare(key, wanted) >= 0 {
			return key, text
		}
		key, text = cursor.Next()
	}
	return cursor.Seek(wanted)
}

// gathering collects what the rows of a counter say of the hours from from to to.
type gathering struct {
	name            string
	from, to, since counter.Hour // since is the first hour that is kept
	byDay           bool         // hours count in their days alone
	buckets         []counter.Bucket
}

func (g *gathering) addDays(r *row) {
	for i, n := range &r.counts {
		if day := r.start + counter.Hour(i)*counter.DayHours; g.from.Day() <= day && day <= g.to {
			g.addDay(day, n)
		}
	}
}

func (g *gathering) addHours(r *row) {
	if g.byDay || r.start < g.since { // or it is not swept yet
		g.addDay(r.start, r.counts.sum())
		return
	}
	g.addDay(r.start, r.counts[wholeDay])
	for i, n := range r.counts[:wholeDay] {
		if hour := r.start + counter.Hour(i); n > 0 && g.from <= hour && hour <= g.to {
			g.buckets = append(g.buckets, counter.Bucket{Start: hour, Hours: 1, Count: n})
		}
	}
}

func (g *gathering) addDay(day counter.Hour, n int64) {
	if n > 0 {
		g.buckets = append(g.buckets, counter.Bucket{Start: day, Hours: counter.DayHours, Count: n})
	}
}

// ordered returns the buckets in order, with those of the same day merged.
func (g *gathering) ordered() []counter.Bucket {
	slices.SortFunc(g.buckets, func(a, b counter.Bucket) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Hours, a.Hours))
	})
	unique := g.buckets[:0]
	for _, b := range g.buckets {
		if last := len(unique) - 1; last >= 0 && unique[last].Start == b.Start && unique[last].Hours == b.Hours {
			unique[last].Count = sum(unique[last].Count, b.Count)
			continue
		}
		unique = append(unique, b)
	}
	return unique
}
