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

// ErrQuota says that there are as many page counters as there may be.
var ErrQuota = errors.New("there are as many counters as MAX_COUNTERS allows")

const (
	// recountEvery is how often a [Quota] looks how many counters there are. Other
	// processes create some, and the owner removes some.
	recountEvery = 10 * time.Minute
	// recountTimeout bounds one look.
	recountTimeout = time.Minute
	// maxKnown bounds how many names a quota remembers, 8 bytes and some each.
	maxKnown = 4_000_000
)

// Quota bounds how many page counters strangers can create. Counters that exist go
// on, however many there are. It is safe for concurrent use.
//
// Several processes on one store don't tell each other at once what they create, so
// that together they may pass the bound a little.
type Quota struct {
	store counter.Store
	max   int
	seed  maphash.Seed

	mu    sync.Mutex
	known map[uint64]struct{} // hashes of names of counters that exist
	count int                 // of page counters, as far as is known

	end     context.CancelFunc
	running sync.WaitGroup
}

// NewQuota returns a quota of so many page counters in the store. Start begins to look
// how many there are; until the first look is done, there are those that it admitted.
func NewQuota(store counter.Store, limit int) *Quota {
	return &Quota{store: store, max: limit, seed: maphash.MakeSeed(), known: map[uint64]struct{}{}, end: func() {}}
}

// Start looks from now on, until Stop, how many counters there are. It returns at once.
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

// recount counts the page counters. A look that fails leaves what is known.
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

// Admit returns nil if views of the counter may be counted: it exists, or there is
// room for it. The error is [ErrQuota] if there is not.
//
// A store that does not answer can't tell whether the counter exists. Then it counts
// as new.
func (q *Quota) Admit(ctx context.Context, name string) error {
	hash := maphash.String(q.seed, name)
	q.mu.Lock()
	_, known := q.known[hash]
	q.mu.Unlock()
	if known {
		return nil
	}
	value, err := q.store.Get(ctx, name)
	exists := err == nil && value != 0
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, known := q.known[hash]; known { // meanwhile
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
