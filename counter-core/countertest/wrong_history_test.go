package countertest_test

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
)

func TestHistorian(t *testing.T) { countertest.RunHistorian(t, fixture("")) }
func TestMover(t *testing.T)     { countertest.RunMover(t, fixture("")) }

// What a backend can do wrong with a history.
const (
	countsRepeats   = "counts the hour of a repeat"
	healsAway       = "heals without an hour"
	healsEarlier    = "heals to an earlier hour"
	countsRefused   = "counts the hour of a refused batch"
	keepsHistory    = "keeps the history of a removed counter"
	dropsHistory    = "drops the history of a counter that is set"
	keepsHours      = "keeps hours whose time is over"
	losesHours      = "loses hours whose time is over"
	addsHistory     = "adds to the history that it is to set"
	yieldsWithin    = "yields a history under its lock"
	listsHistories  = "lists histories"
	readsTwice      = "reads days and hours at two moments"
	wraps           = "lets a day overflow"
	mixesNames      = "mixes up the histories of many"
	refusesAll      = "refuses all histories for one name"
	cutsDays        = "cuts days to the range"
	splitsDays      = "splits days into their hours"
	movesTwice      = "moves twice what was interrupted"
	dropsRecords    = "drops the records of what moves"
	leavesHistory   = "leaves the history where it was"
	dropsSources    = "drops the sources of what moves"
	replacesSources = "replaces the sources by those of what moves"
	keepsSources    = "keeps the sources of a removed counter"
	bringsAgain     = "brings the history again"
	bringsLess      = "forgets what a source had when it has less"
)

// wrongHistories says which test is for which mistake.
func wrongHistories() map[string]string {
	return map[string]string{
		countsRepeats: "RepeatedHour", healsAway: "HealedHour", healsEarlier: "HealedHour", countsRefused: "RefusedHour",
		keepsHistory: "SetAndHistory", dropsHistory: "SetAndHistory", keepsHours: "OldHours", losesHours: "ExpireHours",
		addsHistory: "SetHistory", yieldsWithin: "ApplyInHistory", listsHistories: "ListWithHistory",
		readsTwice: "HistoryWhileApplying", wraps: "HistoryOverflow",
		mixesNames: "Histories", refusesAll: "HistoriesOfOneName", cutsDays: "Days", splitsDays: "DaysExpired",
	}
}

func wrongMovers() map[string]string {
	return map[string]string{
		movesTwice: "MoveInterrupted", dropsRecords: "RepeatAfterMove", leavesHistory: "Move", dropsSources: "MoveSources",
		replacesSources: "MoveSources", keepsSources: "BringAfterRemoval", bringsAgain: "Bring", bringsLess: "Bring",
	}
}

func fixture(wrong string) func(*testing.T) countertest.Fixture {
	return func(t *testing.T) countertest.Fixture {
		t.Helper()
		b := newBackend(t, nil)
		b.Store.(*backend).wrong = wrong
		return b
	}
}

// past is the history of a counter: what was counted by hour, and by day alone.
type past struct {
	hours, days map[counter.Hour]int64
	brought     map[string]int64
}

func newPast() *past {
	return &past{map[counter.Hour]int64{}, map[counter.Hour]int64{}, map[string]int64{}}
}

// past returns the counter's.
func (b *backend) past(name string) *past {
	if b.pasts[name] == nil {
		b.pasts[name] = newPast()
	}
	return b.pasts[name]
}

func (b *backend) kept(hour counter.Hour) bool {
	return b.wrong == keepsHours || counter.HourOf(time.Now().Add(b.age)) < hour.KeptUntil(counter.DefaultHistoryHours)
}

// day returns what was counted in the day of the hour.
func (p *past) day(hour counter.Hour) int64 {
	sum := p.days[hour.Day()]
	for h, count := range p.hours {
		if h.Day() == hour.Day() {
			sum += count
		}
	}
	return sum
}

// count counts in the hour or its day.
func (b *backend) count(p *past, bucket counter.Bucket) error {
	if b.wrong != wraps && p.day(bucket.Start) > math.MaxInt64-bucket.Count {
		return counter.ErrOverflow
	}
	if bucket.Hours == 1 && b.kept(bucket.Start) {
		p.hours[bucket.Start] += bucket.Count
	} else {
		p.days[bucket.Start.Day()] += bucket.Count
	}
	return nil
}

// countBatch counts what a batch adds.
func (b *backend) countBatch(batch counter.Batch, add int64) error {
	hour := counter.Bucket{Start: batch.Hour, Hours: 1, Count: add}
	switch {
	case batch.Hour == 0 || add == 0:
		return nil
	case b.wrong == healsAway:
		hour.Count = min(add, batch.Delta)
	case b.wrong == healsEarlier && add > batch.Delta:
		hour.Start--
	}
	if hour.Count == 0 {
		return nil
	}
	return b.count(b.past(batch.Name), hour)
}

// buckets returns a history.
func (b *backend) buckets(p *past) []counter.Bucket {
	var all []counter.Bucket
	days := maps.Clone(p.days)
	for hour, count := range p.hours {
		switch {
		case b.kept(hour):
			all = append(all, counter.Bucket{Start: hour, Hours: 1, Count: count})
		case b.wrong != losesHours:
			days[hour.Day()] += count
		}
	}
	for day, count := range days {
		all = append(all, counter.Bucket{Start: day, Hours: counter.DayHours, Count: count})
	}
	slices.SortFunc(all, func(x, y counter.Bucket) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(y.Hours, x.Hours))
	})
	return all
}

func (b *backend) History(ctx context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) {
		var all []counter.Bucket
		look := func() error {
			return b.enterAndDo(ctx, func() error {
				if err := counter.CheckName(name); err != nil {
					return err
				}
				all = b.buckets(b.past(name))
				return nil
			})
		}
		err := look()
		if b.wrong == readsTwice && err == nil {
			var sum int64
			for _, bucket := range all {
				sum += bucket.Count
			}
			for range 100 { // until something came between: it counts for the day
				time.Sleep(time.Millisecond)
				if err = look(); err != nil {
					break
				}
				between := -sum
				for _, bucket := range all {
					between += bucket.Count
				}
				if between > 0 {
					all = slices.Insert(all, 0, counter.Bucket{Start: all[0].Start.Day(), Hours: counter.DayHours, Count: between})
					break
				}
			}
		}
		if err != nil {
			yield(counter.Bucket{}, err)
			return
		}
		if b.wrong == yieldsWithin {
			b.mu.Lock()
			defer b.mu.Unlock()
		}
		for _, bucket := range all {
			in := from <= to && bucket.Start <= to && from < bucket.Start+counter.Hour(bucket.Hours)
			if in && !yield(bucket, nil) {
				return
			}
		}
	}
}

// enterAndDo does f when it is the call's turn.
func (b *backend) enterAndDo(ctx context.Context, f func() error) error {
	if err := b.enter(b, ctx); err != nil {
		return err
	}
	defer b.leave()
	return b.do(ctx, f)
}

func (b *backend) Histories(ctx context.Context, names []string, from, to counter.Hour) ([][]counter.Bucket, []error) {
	histories, errs := make([][]counter.Bucket, len(names)), make([]error, len(names))
	for i, name := range names {
		for bucket, err := range b.History(ctx, name, from, to) {
			if errs[i] = err; err == nil {
				histories[i] = append(histories[i], bucket)
			}
		}
	}
	switch {
	case b.wrong == mixesNames && len(names) > 10:
		slices.Reverse(histories)
	case b.wrong == refusesAll:
		for i := range errs {
			errs[i] = errors.Join(errs...)
		}
	}
	return histories, errs
}

func (b *backend) Days(ctx context.Context, names []string, from, to counter.Hour) ([][]counter.Bucket, []error) {
	if b.wrong != cutsDays {
		from, to = counter.WholeDays(from, to)
	}
	histories, errs := b.Histories(ctx, names, from, to)
	for i := range histories {
		if b.wrong != splitsDays {
			histories[i] = counter.SumDays(histories[i])
		}
	}
	return histories, errs
}

func (b *backend) SetHistory(ctx context.Context, name string, buckets []counter.Bucket) error {
	return b.enterAndDo(ctx, func() error {
		if err := errors.Join(counter.CheckName(name), counter.CheckBuckets(buckets)); err != nil {
			return err
		}
		p := b.past(name)
		if b.wrong != addsHistory {
			clear(p.hours)
			clear(p.days)
		}
		for _, bucket := range buckets {
			if err := b.count(p, bucket); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *backend) Move(ctx context.Context, from, to string) error {
	return b.enterAndDo(ctx, func() error {
		if err := counter.CheckMove(from, to); err != nil {
			return err
		}
		value, source, target := b.values[from], b.past(from), newPast()
		if value == 0 {
			return nil
		}
		sum := b.values[to] + value
		if (sum > value) != (b.values[to] > 0) && b.values[to] != 0 {
			return counter.ErrOverflow
		}
		merged := slices.Concat(b.buckets(b.past(to)), b.buckets(source))
		if b.wrong == leavesHistory {
			merged = b.buckets(b.past(to))
		}
		for _, bucket := range merged {
			if err := b.count(target, bucket); err != nil {
				return err
			}
		}
		maps.Copy(target.brought, b.past(to).brought)
		for name, total := range source.brought {
			if b.wrong != dropsSources && (total > target.brought[name] || b.wrong == replacesSources) {
				target.brought[name] = total
			}
		}
		b.values[to], b.pasts[to] = sum, target
		if b.wrong == movesTwice && b.steps == 0 {
			return errors.New("interrupted")
		}
		b.values[from] = 0
		if b.wrong != leavesHistory {
			delete(b.pasts, from)
		}
		if b.wrong == dropsRecords {
			maps.DeleteFunc(b.records, func(key [2]string, _ record) bool { return key[0] == from })
		}
		return nil
	})
}

func (b *backend) Bring(ctx context.Context, name, source string, total int64, buckets []counter.Bucket) (added int64, err error) {
	err = b.enterAndDo(ctx, func() error {
		if err := counter.CheckBring(name, source, total, buckets); err != nil {
			return err
		}
		last := b.past(name).brought[source]
		if total <= last {
			if b.wrong == bringsLess {
				b.past(name).brought[source] = total
			}
			return nil
		}
		if b.values[name] > math.MaxInt64-(total-last) {
			return counter.ErrOverflow
		}
		p := newPast()
		p.brought = b.past(name).brought
		if last > 0 && b.wrong != bringsAgain {
			buckets = nil
		}
		for _, bucket := range slices.Concat(b.buckets(b.past(name)), buckets) {
			if err := b.count(p, bucket); err != nil {
				return err
			}
		}
		b.pasts[name] = p
		p.brought[source] = total
		added = total - last
		b.values[name] += added
		return nil
	})
	return added, err
}

func (b *backend) Brought(ctx context.Context, name, source string) (total int64, err error) {
	err = b.enterAndDo(ctx, func() error {
		total = b.past(name).brought[source]
		return counter.CheckBring(name, source, 0, nil)
	})
	return total, err
}
