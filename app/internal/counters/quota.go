package counters

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// ErrQuota says that no more page counters may be created.
var ErrQuota = errors.New("there are as many counters as MAX_COUNTERS allows")

const (
	// recountEvery is how often a [Quota] counts the counters. Other processes create some,
	// and the owner removes some.
	recountEvery = 10 * time.Minute
	// recountTimeout limits one such count.
	recountTimeout = time.Minute
	// maxKnown is the most names that a quota remembers, at a little more than 8 bytes each.
	maxKnown = 4_000_000
)

// Quota limits how many page counters strangers can create. Existing counters go on
// counting. It is safe for concurrent use.
//
// Processes that share a store learn late which counters the others create, so together they
// may exceed the limit a little.
type Quota struct {
	store counter.Store
	max   int
	seed  maphash.Seed

	mu    sync.Mutex
	known map[uint64]struct{} // hashes of names of counters that exist
	count int                 // how many page counters are known to exist

	end     context.CancelFunc
	running sync.WaitGroup
}

// NewQuota returns a quota of that many page counters in the store. Start begins to count
// the existing ones. Until that is done for the first time, the quota only knows the
// counters that it admitted itself.
func NewQuota(store counter.Store, limit int) *Quota {
	return &Quota{store: store, max: limit, seed: maphash.MakeSeed(), known: map[uint64]struct{}{}, end: func() {}}
}

// Start counts the counters now and then, until Stop. It returns at once.
func (q *Quota) Start() {
	ctx, end := context.WithCancel(context.Background())
	q.end = end
	q.running.Go(func() {
		tick := time.NewTicker(recountEvery)
		defer tick.Stop()
		for {
			q.recount(ctx)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// Stop ends what Start began.
func (q *Quota) Stop() {
	q.end()
	q.running.Wait()
}

// Known returns how many page counters are known to exist: those that the last count found, and
// those that this quota has admitted since.
func (q *Quota) Known() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// recount counts the page counters. If that fails, the last count stays.
func (q *Quota) recount(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, recountTimeout)
	defer cancel()
	count := 0
	for _, err := range q.store.List(ctx, PagePrefix) {
		if err != nil {
			return
		}
		count++
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count = count
}

// Admit returns nil if views of the counter may be counted, because it exists or because
// there is room for it. Otherwise the error is [ErrQuota].
//
// If the store can't tell whether the counter exists, Admit treats it as new. The end of ctx
// does not stop it.
func (q *Quota) Admit(ctx context.Context, name string) error {
	hash := maphash.String(q.seed, name)
	q.mu.Lock()
	_, known := q.known[hash]
	q.mu.Unlock()
	if known {
		return nil
	}
	value, err := q.store.Get(context.WithoutCancel(ctx), name)
	exists := err == nil && value != 0
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, known := q.known[hash]; known { // added in the meantime
		return nil
	}
	if !exists {
		if q.count >= q.max {
			return fmt.Errorf("%w (%d)", ErrQuota, q.max)
		}
		q.count++
	}
	if len(q.known) >= maxKnown {
		clear(q.known)
	}
	q.known[hash] = struct{}{}
	return nil
}
