package client

import (
	"sync"
	"time"
)

// Budget allows each key a number of uses in a period, which begins with the key's first
// use. It is safe for concurrent use.
//
// Unlike a [Limiter], it gives nothing back before the period is over, so no key exceeds
// its budget within one period. It remembers a bounded number of keys, as a Limiter does.
type Budget[K comparable] struct {
	limit  int
	period time.Duration
	keys   int

	mu sync.Mutex
	// Keys are in one of the maps. older holds those that recent had no time or room for.
	recent, older map[K]spent
	turned        time.Time // when recent was begun
}

// spent is what a key has used since a time.
type spent struct {
	since time.Time
	used  int
}

// NewBudget returns a budget of limit in each period, which remembers up to keys keys.
func NewBudget[K comparable](limit int, period time.Duration, keys int) *Budget[K] {
	return &Budget[K]{limit: limit, period: period, keys: keys, recent: map[K]spent{}, turned: time.Now()}
}

// Take uses up one of the key's budget. It returns false if nothing is left.
func (b *Budget[K]) Take(key K) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	of, ok := b.recent[key]
	if !ok {
		of, ok = b.older[key]
		delete(b.older, key)
	}
	if !ok || now.Sub(of.since) >= b.period {
		of = spent{since: now}
	}
	if now.Sub(b.turned) >= b.period || len(b.recent) >= max(1, b.keys/2) {
		b.older, b.recent, b.turned = b.recent, map[K]spent{}, now
		delete(b.older, key)
	}
	left := of.used < b.limit
	if left {
		of.used++
	}
	b.recent[key] = of
	return left
}
