package model

import (
	"context"
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
	counter.Store // has the totals

	retention time.Duration

	mu      sync.Mutex
	records map[writer]record
	sums    map[writer]int64 // the largest that was counted, lost or not
	entries []entry          // oldest first
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
	before *record // nil: there was none
}

var _ counter.Backend = (*ledger)(nil)

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
		if total, err = l.Add(ctx, b.Name, amount); err != nil {
			return counter.Result{}, err
		}
	}
	l.records[who] = record{b.Sum, total, time.Now()}
	l.sums[who] = max(l.sums[who], b.Sum)
	l.entries = append(l.entries, entry{who, amount, before})
	return counter.Result{Total: total, Healed: amount - b.Delta}, nil
}

func (l *ledger) Retention() time.Duration { return l.retention }

// lose takes the last n entries back, records and all. It returns, for each
// counter, how much at most no writer can heal, because its record is gone.
func (l *ledger) lose(ctx context.Context, n int) (map[string]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := map[string]int64{}
	for ; n > 0 && len(l.entries) > 0; n-- {
		last := l.entries[len(l.entries)-1]
		l.entries = l.entries[:len(l.entries)-1]
		total, err := l.Get(ctx, last.writer.name)
		if err == nil {
			err = l.Set(ctx, last.writer.name, total-last.amount)
		}
		if err != nil {
			return nil, err
		}
		if last.before != nil {
			l.records[last.writer] = *last.before
			continue
		}
		delete(l.records, last.writer)
		gone[last.writer.name] += l.sums[last.writer]
	}
	return gone, nil
}

// The model is no better than what stands in for the store.
func TestLedger(t *testing.T) {
	countertest.RunBackend(t, func(*testing.T) countertest.Fixture {
		l := newLedger(time.Hour)
		expire := func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			clear(l.records)
		}
		return countertest.Fixture{
			Store:  l,
			Expire: func(*testing.T) { expire() },
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
	})
}
