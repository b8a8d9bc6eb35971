package counterredis

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Historian = (*Store)(nil)

// maxMonths is for how many months History asks without looking which of them there are.
const maxMonths = 120

// History implements [counter.Historian]. It reads the days of all months of the range in one
// round trip, and then the hours of the days that have them in another. If the range is longer
// than ten years, it first reads which months there are. What is counted in the meantime may be
// in it or not.
func (s *Store) History(ctx context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) {
		days, err := s.history(ctx, name, from, to)
		if err != nil {
			yield(counter.Bucket{}, err)
			return
		}
		for _, day := range days {
			for _, bucket := range day.buckets() {
				if last := bucket.Start + counter.Hour(bucket.Hours) - 1; last < from || bucket.Start > to {
					continue
				}
				if !yield(bucket, nil) {
					return
				}
			}
		}
	}
}

// day is a day of a history.
type day struct {
	start counter.Hour
	count int64
	hours map[int]int64 // those that are kept, by the hour of the day
}

// buckets returns the day, if it has additions of no known hour, and its hours.
func (d *day) buckets() []counter.Bucket {
	rest := d.count
	var buckets []counter.Bucket
	for _, hour := range slices.Sorted(maps.Keys(d.hours)) {
		rest -= d.hours[hour]
		buckets = append(buckets, counter.Bucket{Start: d.start + counter.Hour(hour), Hours: 1, Count: d.hours[hour]})
	}
	if rest > 0 { // it is less if something was counted between the reading of the day and of its hours
		buckets = slices.Insert(buckets, 0, counter.Bucket{Start: d.start, Hours: counter.DayHours, Count: rest})
	}
	return buckets
}

// history returns the days of which an hour is in the range, with all of their hours.
func (s *Store) history(ctx context.Context, name string, from, to counter.Hour) ([]day, error) {
	if err := s.ready(ctx, name); err != nil {
		return nil, err
	}
	from, to = max(from, 0), min(to, counter.MaxHour)
	if from > to {
		return nil, nil
	}
	key := s.key(name)
	months, err := s.monthsBetween(ctx, key, from, to)
	if err != nil {
		return nil, err
	}
	counts, err := s.hashes(ctx, key, months)
	if err != nil {
		return nil, err
	}
	var days []day
	now := time.Now()
	for i, fields := range counts {
		for field, count := range fields {
			start, ok := parseDay(months[i] + "-" + field)
			if !ok || count < 1 || start+counter.DayHours <= from || start > to {
				continue
			}
			days = append(days, day{start: start, count: count})
		}
	}
	slices.SortFunc(days, func(a, b day) int { return cmp.Compare(a.start, b.start) })
	first, _ := slices.BinarySearchFunc(days, now, func(day day, now time.Time) int { return s.hoursEnd(day.start).Compare(now) })
	var dates []string
	for _, day := range days[first:] {
		dates = append(dates, day.start.Time().Format(time.DateOnly))
	}
	kept, err := s.hashes(ctx, key, dates)
	if err != nil {
		return nil, err
	}
	for i, fields := range kept {
		day := &days[first+i]
		day.hours = make(map[int]int64, len(fields))
		for field, count := range fields {
			if hour, err := strconv.Atoi(field); err == nil && hour >= 0 && hour < counter.DayHours && count > 0 {
				day.hours[hour] = count
			}
		}
	}
	return days, nil
}

// monthsBetween returns the months of the range as keys name them. If they are many, it
// returns those of them that the counter has.
func (s *Store) monthsBetween(ctx context.Context, key string, from, to counter.Hour) ([]string, error) {
	first, last := from.Time().Format(monthLayout), to.Time().Format(monthLayout)
	begin := from.Time().AddDate(0, 0, 1-from.Time().Day())
	if begin.AddDate(0, maxMonths, 0).Before(to.Time()) {
		all, err := s.hashes(ctx, key, []string{monthsPart})
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Sorted(maps.Keys(all[0])), func(month string) bool { return month < first || month > last }), nil
	}
	var months []string
	for at := begin; len(months) == 0 || months[len(months)-1] < last; at = at.AddDate(0, 1, 0) {
		months = append(months, at.Format(monthLayout))
	}
	return months, nil
}

// hashes returns the numbers of the history's hashes, in the order of the parts that end their
// keys. A key that holds something else counts as empty.
func (s *Store) hashes(ctx context.Context, key string, parts []string) ([]map[string]int64, error) {
	found := make([]map[string]int64, 0, len(parts))
	for some := range slices.Chunk(parts, scanCount) { // so that the server serves others in between
		commands := make([]*command, len(some))
		replies := make([]*redis.MapStringStringCmd, len(some))
		for i, part := range some {
			replies[i] = redis.NewMapStringStringCmd(ctx, "hgetall", historyKey(key, part))
			commands[i] = &command{Cmder: replies[i], key: key}
		}
		s.send(ctx, commands, delivery{reads: true})
		for i, c := range commands {
			if c.err != nil && !wrongType(c.err) {
				return nil, readError(ctx, "read the history of", key, c.err)
			}
			numbers := make(map[string]int64, len(replies[i].Val()))
			for field, text := range replies[i].Val() {
				if number, ok := parse(text); ok {
					numbers[field] = number
				}
			}
			found = append(found, numbers)
		}
	}
	return found, nil
}

const monthLayout = "2006-01"

// parseDay returns the first hour of the day with the date.
func parseDay(date string) (counter.Hour, bool) {
	at, err := time.Parse(time.DateOnly, date)
	hour := counter.HourOf(at)
	return hour, err == nil && hour >= 0 && hour <= counter.MaxHour
}
