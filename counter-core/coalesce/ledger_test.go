package coalesce_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// ledger is a store whose calls a test can make fail, before or after they are
// counted. Left alone, it keeps the contract of a counter.Backend.
type ledger struct {
	// apply stands between a call and the ledger, which commit is.
	apply func(ctx context.Context, batches []counter.Batch, commit commit) []counter.Result

	mu      sync.Mutex
	totals  map[string]int64
	hours   map[string]map[counter.Hour]int64
	records map[[2]string]record
	calls   [][]counter.Batch
	closed  bool
}

type commit func(batches []counter.Batch) []counter.Result

type record struct{ sum, total int64 }

var (
	errAway  = errors.New("away")                             // nothing happened
	errDoubt = fmt.Errorf("%w: no reply", counter.ErrUnknown) // anything may have
)

func newLedger() *ledger {
	return &ledger{totals: map[string]int64{}, hours: map[string]map[counter.Hour]int64{}, records: map[[2]string]record{}}
}

func (l *ledger) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	l.mu.Lock()
	l.calls = append(l.calls, slices.Clone(batches))
	apply := l.apply
	l.mu.Unlock()
	if apply != nil {
		return apply(ctx, batches, l.commit)
	}
	return l.commit(batches)
}

// interpose has apply stand between calls and the ledger from now on.
func (l *ledger) interpose(apply func(context.Context, []counter.Batch, commit) []counter.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apply = apply
}

// gated has calls wait from now on until the channel it returns is closed.
func (l *ledger) gated() chan struct{} {
	gate := make(chan struct{})
	l.interpose(func(_ context.Context, batches []counter.Batch, commit commit) []counter.Result {
		<-gate
		return commit(batches)
	})
	return gate
}

// gatedFailing has calls wait until the channel it returns is closed, and then fail.
func (l *ledger) gatedFailing() chan struct{} {
	gate := make(chan struct{})
	l.interpose(func(_ context.Context, batches []counter.Batch, _ commit) []counter.Result {
		<-gate
		return failAll(batches, errAway)
	})
	return gate
}

// fails has every call fail with err from now on, uncounted.
func (l *ledger) fails(err error) {
	l.interpose(func(_ context.Context, batches []counter.Batch, _ commit) []counter.Result {
		return failAll(batches, err)
	})
}

func (l *ledger) commit(batches []counter.Batch) []counter.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	results := make([]counter.Result, len(batches))
	for i, b := range batches {
		results[i] = l.commitOne(b)
	}
	return results
}

func (l *ledger) commitOne(b counter.Batch) counter.Result {
	if err := b.Check(); err != nil {
		return counter.Result{Err: err}
	}
	key := [2]string{b.Name, b.Writer}
	recorded, ok := l.records[key]
	add := b.Delta
	if ok {
		var err error
		if add, err = b.Missing(recorded.sum); err != nil {
			return counter.Result{Err: err}
		}
		if add == 0 {
			return counter.Result{Total: recorded.total}
		}
	}
	if l.totals[b.Name] > math.MaxInt64-add {
		return counter.Result{Err: counter.ErrOverflow}
	}
	l.totals[b.Name] += add
	l.records[key] = record{b.Sum, l.totals[b.Name]}
	if b.Hour != 0 && add > 0 {
		if l.hours[b.Name] == nil {
			l.hours[b.Name] = map[counter.Hour]int64{}
		}
		l.hours[b.Name][b.Hour] += add
	}
	return counter.Result{Total: l.totals[b.Name], Healed: add - b.Delta}
}

func (l *ledger) Retention() time.Duration { return time.Hour }

func (l *ledger) Add(_ context.Context, name string, delta int64) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, counter.ErrClosed
	}
	if l.totals[name] > math.MaxInt64-delta {
		return 0, counter.ErrOverflow
	}
	l.totals[name] += delta
	return l.totals[name], nil
}

func (l *ledger) Get(ctx context.Context, name string) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, counter.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return l.totals[name], counter.CheckName(name)
}

func (l *ledger) Set(_ context.Context, name string, value int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return counter.ErrClosed
	}
	l.totals[name] = value
	return nil
}

func (l *ledger) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		l.mu.Lock()
		totals, closed := maps.Clone(l.totals), l.closed
		l.mu.Unlock()
		if closed {
			yield(counter.Entry{}, counter.ErrClosed)
			return
		}
		for name, value := range totals {
			if err := ctx.Err(); err != nil {
				yield(counter.Entry{}, err)
				return
			}
			if value != 0 && strings.HasPrefix(name, prefix) && !yield(counter.Entry{Name: name, Value: value}, nil) {
				return
			}
		}
	}
}

func (l *ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return nil
}

func (l *ledger) total(name string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.totals[name]
}

// history returns what the counter has counted, by hours after from.
func (l *ledger) history(name string, from counter.Hour) map[counter.Hour]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	history := map[counter.Hour]int64{}
	for hour, count := range l.hours[name] {
		history[hour-from] = count
	}
	return history
}

// lose takes the last additions back, as a failover does.
func (l *ledger) lose(name string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals[name] -= n
	for key, r := range l.records {
		if key[0] == name {
			l.records[key] = record{r.sum - n, r.total - n}
		}
	}
}

// forget drops the records of a counter, which has the value.
func (l *ledger) forget(name string, value int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals[name] = value
	maps.DeleteFunc(l.records, func(key [2]string, _ record) bool { return key[0] == name })
}

// sent returns the batches of all calls until now.
func (l *ledger) sent() [][]counter.Batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// failAll answers every batch with err.
func failAll(batches []counter.Batch, err error) []counter.Result {
	results := make([]counter.Result, len(batches))
	for i := range results {
		results[i].Err = err
	}
	return results
}
