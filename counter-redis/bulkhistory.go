package counterredis

import (
	"context"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.BulkHistorian = (*Store)(nil)

// bulkCommands is how many commands for histories are sent at once: enough for few round trips,
// and few enough for the server to reply in time.
const bulkCommands = 256

// Histories implements [counter.BulkHistorian]. It asks which months exist and then reads those
// in the range, many in each pipeline.
func (s *Store) Histories(ctx context.Context, names []string, from, to counter.Hour) (histories [][]counter.Bucket, errs []error) {
	from, to = max(from, 0), min(to, counter.MaxHour)
	b := s.newBulk(ctx, names, from, to, 0)
	kept := s.keptBetween(from, to)
	readInBulk(ctx, b,
		func(i int, month string) *monthRead { return newMonthRead(ctx, b.keys[i], month, kept) },
		func(i int, read *monthRead) { b.found[i] = append(b.found[i], read.between(from, to)...) })
	return b.found, b.errs
}

// Days implements [counter.BulkHistorian]. It reads no hours: the month has them all.
func (s *Store) Days(ctx context.Context, names []string, from, to counter.Hour) (days [][]counter.Bucket, errs []error) {
	from, to = counter.WholeDays(from, to)
	b := s.newBulk(ctx, names, from, to, fewMonths)
	readInBulk(ctx, b, func(i int, month string) *daysRead {
		return &daysRead{parseMonth(month), redis.NewMapStringStringCmd(ctx, "hgetall", historyKey(b.keys[i], month))}
	}, func(i int, read *daysRead) {
		begin := len(b.found[i])
		for field, text := range read.Val() {
			day, ok := read.month.day(field)
			if count, number := parse(text); ok && number && count > 0 && from <= day && day <= to {
				b.found[i] = append(b.found[i], counter.Bucket{Start: day, Hours: counter.DayHours, Count: count})
			}
		}
		slices.SortFunc(b.found[i][begin:], func(x, y counter.Bucket) int { return int(x.Start - y.Start) })
	})
	return b.found, b.errs
}

// fewMonths is how many months Days reads without asking first which of them exist.
const fewMonths = 3

// daysRead reads the days of a month.
type daysRead struct {
	month month
	*redis.MapStringStringCmd
}

func (r *daysRead) command() redis.Cmder  { return r.MapStringStringCmd }
func (r *monthRead) command() redis.Cmder { return r.reply }

// bulk is a reading of many histories.
type bulk struct {
	store  *Store
	keys   []string // of the counters; empty for those with an error
	months [][]string
	found  [][]counter.Bucket
	errs   []error
}

// newBulk returns a reading of the months of a range. If there are more than few, it reads only
// those that each counter has.
func (s *Store) newBulk(ctx context.Context, names []string, from, to counter.Hour, few int) *bulk {
	b := &bulk{
		store: s, keys: make([]string, len(names)), months: make([][]string, len(names)),
		found: make([][]counter.Bucket, len(names)), errs: make([]error, len(names)),
	}
	all, whole := monthsOf(from, to, few)
	var ask []int // in names
	for i, name := range names {
		if b.errs[i] = s.ready(ctx, name); b.errs[i] != nil {
			continue
		}
		b.keys[i], b.months[i] = s.key(name), all
		if !whole {
			ask = append(ask, i)
		}
	}
	for some := range slices.Chunk(ask, bulkCommands) {
		commands := make([]*command, len(some))
		replies := make([]*redis.MapStringStringCmd, len(some))
		for n, i := range some {
			replies[n] = redis.NewMapStringStringCmd(ctx, "hgetall", historyKey(b.keys[i], monthsPart))
			commands[n] = &command{Cmder: replies[n], key: b.keys[i]}
		}
		s.send(ctx, commands, delivery{reads: true})
		for n, i := range some {
			b.months[i] = monthsAmong(maps.Keys(replies[n].Val()), from, to)
			b.note(ctx, i, commands[n].err)
		}
	}
	return b
}

// note remembers the error, if any, because of which a counter's history can't be read.
func (b *bulk) note(ctx context.Context, i int, err error) {
	if err != nil && !wrongType(err) && b.errs[i] == nil {
		b.errs[i] = readError(ctx, "read the history of", b.keys[i], err)
	}
}

// readInBulk reads the months, by counter and then by time.
func readInBulk[R interface{ command() redis.Cmder }](ctx context.Context, b *bulk, begin func(i int, month string) R, end func(i int, read R)) {
	var places []int
	var reads []R
	var commands []*command
	send := func() {
		b.store.sendAll(ctx, commands, delivery{reads: true})
		for n, i := range places {
			if b.note(ctx, i, commands[n].err); commands[n].err == nil && b.errs[i] == nil {
				end(i, reads[n])
			}
		}
		places, reads, commands = places[:0], reads[:0], commands[:0]
	}
	for i, months := range b.months {
		for _, month := range months {
			if b.errs[i] != nil {
				break
			}
			read := begin(i, month)
			places, reads = append(places, i), append(reads, read)
			if commands = append(commands, &command{Cmder: read.command(), key: b.keys[i]}); len(commands) == bulkCommands {
				send()
			}
		}
	}
	send()
	for i, err := range b.errs {
		if err != nil {
			b.found[i] = nil
		}
	}
}
