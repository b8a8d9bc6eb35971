package counterredis

import (
	"cmp"
	"context"
	_ "embed"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Historian = (*Store)(nil)

const (
	// monthsAtOnce is how many months History reads in a round trip.
	monthsAtOnce = 24
	// maxMonths is how many months it reads without asking first which of them exist.
	maxMonths = 24
)

// readScript reads a month and the hours of its days in one step.
//
//go:embed read.lua
var readScript string

// History implements [counter.Historian]. It reads two years in one round trip. For a longer
// range it first asks which months exist, and then reads the first one by itself, because some
// callers want only the first bucket.
func (s *Store) History(ctx context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) {
		from, to := max(from, 0), min(to, counter.MaxHour)
		months, whole, err := s.monthsBetween(ctx, name, from, to)
		atOnce := monthsAtOnce
		if !whole {
			atOnce = 1
		}
		for len(months) > 0 && err == nil {
			n := min(atOnce, len(months))
			var buckets []counter.Bucket
			buckets, err = s.readMonths(ctx, s.key(name), months[:n], from, to)
			for _, bucket := range buckets {
				if !yield(bucket, nil) {
					return
				}
			}
			months, atOnce = months[n:], monthsAtOnce
		}
		if err != nil {
			yield(counter.Bucket{}, err)
		}
	}
}

// monthsBetween returns the months of the range, and true. If there are many, it returns only
// those that the counter has, and false.
func (s *Store) monthsBetween(ctx context.Context, name string, from, to counter.Hour) (months []string, whole bool, err error) {
	if err := s.ready(ctx, name); err != nil {
		return nil, false, err
	}
	if months, whole = monthsOf(from, to, maxMonths); whole {
		return months, true, nil
	}
	all, err := s.hashes(ctx, s.key(name), []string{monthsPart})
	if err != nil {
		return nil, false, err
	}
	return monthsAmong(maps.Keys(all[0]), from, to), false, nil
}

// monthsOf returns the months of the range, in order. If there are more than most, it returns
// false.
func monthsOf(from, to counter.Hour, most int) (months []string, ok bool) {
	if from > to {
		return nil, true
	}
	year, month, _ := from.Time().Date()
	last := to.Time().Format(monthLayout)
	for len(months) == 0 || months[len(months)-1] < last {
		if len(months) == most {
			return nil, false
		}
		months = append(months, time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Format(monthLayout))
		month++
	}
	return months, true
}

// monthsAmong returns those of the fields that are months of the range, in order.
func monthsAmong(fields iter.Seq[string], from, to counter.Hour) []string {
	first, last := from.Time().Format(monthLayout), to.Time().Format(monthLayout)
	return slices.DeleteFunc(slices.Sorted(fields), func(month string) bool {
		_, ok := parseDay(month + "-01")
		return !ok || month < first || month > last
	})
}

// readMonths returns what the months have between the hours, in order.
func (s *Store) readMonths(ctx context.Context, key string, months []string, from, to counter.Hour) ([]counter.Bucket, error) {
	reads := make([]*monthRead, len(months))
	commands := make([]*command, len(months))
	kept := s.keptBetween(from, to)
	for i, month := range months {
		reads[i] = newMonthRead(ctx, key, month, kept)
		commands[i] = &command{Cmder: reads[i].reply, key: key}
	}
	s.send(ctx, commands, delivery{reads: true})
	var found []counter.Bucket
	for i, c := range commands {
		if c.err != nil {
			return nil, readError(ctx, "read the history of", key, c.err)
		}
		found = append(found, reads[i].between(from, to)...)
	}
	return found, nil
}

// keptBetween returns a function that reports whether the hours of a day are in the range and
// kept.
func (s *Store) keptBetween(from, to counter.Hour) func(day counter.Hour) bool {
	now := counter.HourOf(time.Now())
	return func(day counter.Hour) bool {
		return day+counter.DayHours > from && day <= to && day.KeptUntil(s.historyHours) > now
	}
}

// monthRead reads a month of a history.
type monthRead struct {
	month month
	days  []counter.Hour  // whose hours are read, too
	reply *redis.SliceCmd // the hash of the month, and then those of the days
}

// newMonthRead returns a read of the month with those hours that are kept.
func newMonthRead(ctx context.Context, key, name string, kept func(day counter.Hour) bool) *monthRead {
	r := &monthRead{month: parseMonth(name)}
	keys := []any{historyKey(key, name)}
	for day := r.month.first; day < r.month.end; day += counter.DayHours {
		if kept(day) {
			r.days = append(r.days, day)
			keys = append(keys, historyKey(key, day.Time().Format(time.DateOnly)))
		}
	}
	r.reply = redis.NewSliceCmd(ctx, slices.Concat([]any{"eval", readScript, len(keys)}, keys)...)
	return r
}

// buckets returns what was read, in order.
func (r *monthRead) buckets() []counter.Bucket {
	hashes := r.reply.Val()
	if len(hashes) != 1+len(r.days) {
		return nil
	}
	rest := map[counter.Hour]int64{} // of the days, without the hours
	for field, count := range numbersOf(hashes[0]) {
		if day, ok := r.month.day(field); ok {
			rest[day] = count
		}
	}
	var buckets []counter.Bucket
	for i, day := range r.days {
		for field, count := range numbersOf(hashes[1+i]) {
			hour, err := strconv.Atoi(field)
			if err == nil && hour >= 0 && hour < counter.DayHours && count > 0 {
				rest[day] -= count
				buckets = append(buckets, counter.Bucket{Start: day + counter.Hour(hour), Hours: 1, Count: count})
			}
		}
	}
	for day, count := range rest {
		if count > 0 {
			buckets = append(buckets, counter.Bucket{Start: day, Hours: counter.DayHours, Count: count})
		}
	}
	slices.SortFunc(buckets, func(a, b counter.Bucket) int { // a day before its hours
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Hours, a.Hours))
	})
	return buckets
}

// between returns those of the buckets that have hours between these, in order.
func (r *monthRead) between(from, to counter.Hour) []counter.Bucket {
	return slices.DeleteFunc(r.buckets(), func(b counter.Bucket) bool {
		return b.Start+counter.Hour(b.Hours) <= from || b.Start > to
	})
}

// numbersOf returns the numbers of a hash, which a script returned as a list of alternating
// fields and values.
func numbersOf(hash any) map[string]int64 {
	words, _ := hash.([]any)
	numbers := make(map[string]int64, len(words)/2)
	for pair := range slices.Chunk(words, 2) {
		if len(pair) < 2 {
			break
		}
		field, _ := pair[0].(string)
		text, _ := pair[1].(string)
		if number, ok := parse(text); ok {
			numbers[field] = number
		}
	}
	return numbers
}

const monthLayout = "2006-01"

// month is when a month begins and ends.
type month struct{ first, end counter.Hour }

// parseMonth returns the month with the name. If there is no such month, it has no days.
func parseMonth(name string) month {
	first, ok := parseDay(name + "-01")
	if !ok {
		return month{}
	}
	return month{first, counter.HourOf(first.Time().AddDate(0, 1, 0))}
}

// day returns the first hour of the day of the month, which is given as two digits.
func (m month) day(number string) (counter.Hour, bool) {
	n, err := strconv.ParseUint(number, 10, 8)
	if err != nil || n == 0 || len(number) != len("01") {
		return 0, false
	}
	day := m.first + counter.Hour(n-1)*counter.DayHours
	return day, day < m.end
}

// parseDay returns the first hour of the day with the date.
func parseDay(date string) (counter.Hour, bool) {
	at, err := time.Parse(time.DateOnly, date)
	hour := counter.HourOf(at)
	return hour, err == nil && hour >= 0 && hour <= counter.MaxHour
}
