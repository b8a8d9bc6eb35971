package model

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	countermemory "example.com/herokuapp/counter-memory"
)

// ledger is a counter.Backend that can lose what it has counted last, as servers
// do when a replica takes over that has not got it yet.
type ledger struct {
	*countermemory.Store // has the totals and the histories

	retention time.Duration

	mu      sync.Mutex
	records map[writer]record
	sums    map[writer]int64 // the largest that was counted, lost or not
	entries []entry          // oldest first
	applied int              // how many batches the store within has been given
}

type writer struct{ name, id string }

type record struct {
	sum, total int64
	at         time.Time
}

// entry is what a batch has changed.
type entry struct {
	writer writer
	amount int64
	hour   counter.Hour
	before *record // nil: there was none
}

var (
	_ counter.Backend   = (*ledger)(nil)
	_ counter.Historian = (*ledger)(nil)
)

func newLedger(retention time.Duration) *ledger {
	return &ledger{
		Store: countermemory.New(), retention: retention,
		records: map[writer]record{}, sums: map[writer]int64{},
	}
}

func (l *ledger) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	results := make([]counter.Result, len(batches))
	for i, b := range batches {
		var err error
		if results[i], err = l.apply(ctx, b); err != nil {
			results[i] = counter.Result{Err: err}
		}
	}
	return results
}

func (l *ledger) apply(ctx context.Context, b counter.Batch) (counter.Result, error) {
	if err := b.Check(); err != nil {
		return counter.Result{}, err
	}
	total, err := l.Get(ctx, b.Name)
	if err != nil {
		return counter.Result{}, err
	}
	who, amount := writer{b.Name, b.Writer}, b.Delta
	var before *record
	if last, ok := l.records[who]; ok && time.Since(last.at) < l.retention {
		before = &last
		missing, err := b.Missing(last.sum)
		if err != nil {
			return counter.Result{}, err
		}
		if missing == 0 {
			l.records[who] = record{last.sum, last.total, time.Now()}
			return counter.Result{Total: last.total}, nil
		}
		amount = missing
	}
	if amount > 0 {
		l.applied++
		once := counter.Batch{Name: b.Name, Writer: strconv.Itoa(l.applied), Delta: amount, Sum: amount, Hour: b.Hour}
		result := l.Store.Apply(ctx, []counter.Batch{once})[0]
		if result.Err != nil {
			return counter.Result{}, result.Err
		}
		total = result.Total
	}
	l.records[who] = record{b.Sum, total, time.Now()}
	l.sums[who] = max(l.sums[who], b.Sum)
	l.entries = append(l.entries, entry{who, amount, b.Hour, before})
	return counter.Result{Total: total, Healed: amount - b.Delta}, nil
}

func (l *ledger) Retention() time.Duration { return l.retention }

// lose takes the last n entries back, records and histories and all. It returns what it
// takes, and for each counter how much at most no writer can heal, because its record is
// gone.
func (l *ledger) lose(ctx context.Context, n int) (gone map[string]int64, taken map[moment]int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone, taken = map[string]int64{}, map[moment]int64{}
	for ; n > 0 && len(l.entries) > 0; n-- {
		last := l.entries[len(l.entries)-1]
		l.entries = l.entries[:len(l.entries)-1]
		if err := l.take(ctx, last); err != nil {
			return nil, nil, err
		}
		taken[moment{last.writer.name, last.hour}] += last.amount
		if last.before != nil {
			l.records[last.writer] = *last.before
			continue
		}
		delete(l.records, last.writer)
		gone[last.writer.name] += l.sums[last.writer]
	}
	return gone, taken, nil
}

// take takes back what an entry has added.
func (l *ledger) take(ctx context.Context, e entry) error {
	total, err := l.Get(ctx, e.writer.name)
	if err != nil {
		return err
	}
	var left []counter.Bucket
	for bucket, err := range l.History(ctx, e.writer.name, 0, counter.MaxHour) {
		if err != nil {
			return err
		}
		if bucket.Start == e.hour {
			bucket.Count -= e.amount
		}
		if bucket.Count > 0 {
			left = append(left, bucket)
		}
	}
	if err := l.Set(ctx, e.writer.name, total-e.amount); err != nil {
		return err
	}
	return l.SetHistory(ctx, e.writer.name, left)
}

// The model is no better than what stands in for the store.
func TestLedger(t *testing.T) {
	fixture := func(*testing.T) countertest.Fixture {
		l := newLedger(time.Hour)
		expire := func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			clear(l.records)
		}
		return countertest.Fixture{
			Store:  l,
			Expire: func(*testing.T) { expire() },
			ExpireHours: func(t *testing.T) {
				t.Helper()
				for _, name := range []string{"a", "b"} {
					l.keepDays(t, name)
				}
			},
			Wipe: func(t *testing.T) {
				t.Helper()
				expire()
				for entry, err := range l.List(t.Context(), "") {
					if err == nil {
						err = l.Set(t.Context(), entry.Name, 0)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			},
		}
	}
	t.Run("Backend", func(t *testing.T) { countertest.RunBackend(t, fixture) })
	t.Run("Historian", func(t *testing.T) { countertest.RunHistorian(t, fixture) })
}

// keepDays drops the hours of a counter.
func (l *ledger) keepDays(t *testing.T, name string) {
	t.Helper()
	var days []counter.Bucket
	for bucket, err := range l.History(t.Context(), name, 0, counter.MaxHour) {
		if err != nil {
			t.Fatal(err)
		}
		if last := len(days) - 1; last >= 0 && days[last].Start == bucket.Start.Day() {
			days[last].Count += bucket.Count
		} else {
			days = append(days, counter.Bucket{Start: bucket.Start.Day(), Hours: counter.DayHours, Count: bucket.Count})
		}
	}
	if err := l.SetHistory(t.Context(), name, days); err != nil {
		t.Fatal(err)
	}
}
