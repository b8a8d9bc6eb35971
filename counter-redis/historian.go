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
	// maxMonths is for how many months it asks without looking which of them there are.
	maxMonths = 120
)

// readScript reads a month and the hours of its days at one moment.
//
//go:embed read.lua
var readScript string

// History implements [counter.Historian]. It reads two years in a round trip. If the range is
// longer than ten, it first reads which months there are.
func (s *Store) History(ctx context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) {
		from, to := max(from, 0), min(to, counter.MaxHour)
		months, err := s.monthsBetween(ctx, name, from, to)
		for some := range slices.Chunk(months, monthsAtOnce) {
			var buckets []counter.Bucket
			if buckets, err = s.readMonths(ctx, s.key(name), some, from, to); err != nil {
				break
			}
			for _, bucket := range buckets {
				if !yield(bucket, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(counter.Bucket{}, err)
		}
	}
}

// monthsBetween returns the months of the range. If they are many, it returns those of them
// that the counter has.
func (s *Store) monthsBetween(ctx context.Context, name string, from, to counter.Hour) ([]string, error) {
	if err := s.ready(ctx, name); err != nil || from > to {
		return nil, err
	}
	var months []string
	year, month, _ := from.Time().Date()
	last := to.Time().Format(monthLayout)
	for len(months) == 0 || months[len(months)-1] < last {
		if len(months) == maxMonths {
			return s.knownMonths(ctx, s.key(name), months[0], last)
		}
		months = append(months, time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Format(monthLayout))
		month++
	}
	return months, nil
}

// knownMonths returns the months from the first to the last that the history has, in order.
func (s *Store) knownMonths(ctx context.Context, key, first, last string) ([]string, error) {
	all, err := s.hashes(ctx, key, []string{monthsPart})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all[0])), func(month string) bool {
		_, ok := parseDay(month + "-01")
		return !ok || month < first || month > last
	}), nil
}

// readMonths returns what the months have between the hours, in order.
func (s *Store) readMonths(ctx context.Context, key string, months []string, from, to counter.Hour) ([]counter.Bucket, error) {
	reads := make([]*monthRead, len(months))
	commands := make([]*command, len(months))
	now := counter.HourOf(time.Now())
	for i, month := range months {
		reads[i] = s.newMonthRead(ctx, key, month, func(day counter.Hour) bool {
			return day+counter.DayHours > from && day <= to && day.KeptUntil(s.historyHours) > now
		})
		commands[i] = &command{Cmder: reads[i].reply, key: key}
	}
	s.send(ctx, commands, delivery{reads: true})
	var found []counter.Bucket
	for i, c := range commands {
		if c.err != nil {
			return nil, readError(ctx, "read the history of", key, c.err)
		}
		for _, bucket := range reads[i].buckets() {
			if bucket.Start+counter.Hour(bucket.Hours) > from && bucket.Start <= to {
				found = append(found, bucket)
			}
		}
	}
	return found, nil
}

// monthRead reads a month of a history.
type monthRead struct {
	month string
	days  []counter.Hour  // whose hours are read, too
	reply *redis.SliceCmd // the hash of the month, and then those of the days
}

// newMonthRead returns a read of the month with those hours that are kept.
func (s *Store) newMonthRead(ctx context.Context, key, month string, kept func(day counter.Hour) bool) *monthRead {
	r := &monthRead{month: month}
	keys := []any{historyKey(key, month)}
	first, _ := parseDay(month + "-01")
	for day := first; day.Time().Format(monthLayout) == month; day += counter.DayHours {
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
		if day, ok := parseDay(r.month + "-" + field); ok {
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

// numbersOf returns the numbers of a hash that a script returned as fields and values in turn.
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

// parseDay returns the first hour of the day with the date.
func parseDay(date string) (counter.Hour, bool) {
	at, err := time.Parse(time.DateOnly, date)
	hour := counter.HourOf(at)
	return hour, err == nil && hour >= 0 && hour <= counter.MaxHour
}
