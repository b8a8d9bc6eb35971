package client

import (
	"sync"
	"time"
)

// Limiter allows each key a burst at once, and one more in each interval after that.
// What a key stands for is its caller's choice: a client, or a client and a page.
// It is safe for concurrent use.
//
// A Limiter remembers a bounded number of keys. When there are more at the same time, it
// forgets those it has not met for longest, and these may have a burst again: who floods
// it with keys weakens the limit, and costs no more memory.
type Limiter[K comparable] struct {
	interval time.Duration
	burst    time.Duration // how long an empty bucket takes to fill
	keys     int
	start    time.Time

	mu sync.Mutex
	// When the bucket of a key is full again, since start. A key that is in neither map
	// has a full one. Keys move to recent when they are met; older is dropped whole.
	recent, older map[K]time.Duration
	turned        time.Duration // when recent became older
}

// NewLimiter returns a limiter that allows burst at once and one more in each interval,
// which must be positive, and remembers up to keys keys.
func NewLimiter[K comparable](burst int, interval time.Duration, keys int) *Limiter[K] {
	return &Limiter[K]{
		interval: interval, burst: time.Duration(burst) * interval, keys: keys,
		start: time.Now(), recent: map[K]time.Duration{},
	}
}

// Take uses up one of what the key is allowed, and returns 0. If there is none left it
// returns how long to wait for the next, and uses up nothing.
func (l *Limiter[K]) Take(key K) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.start)
	full := max(l.full(key), now)
	if wait := full + l.interval - l.burst - now; wait > 0 {
		return wait
	}
	l.turn(now)
	delete(l.older, key)
	l.recent[key] = full + l.interval
	return 0
}

// Wait returns how long [Limiter.Take] would have to wait, and uses up nothing.
func (l *Limiter[K]) Wait(key K) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.start)
	return max(0, max(l.full(key), now)+l.interval-l.burst-now)
}

func (l *Limiter[K]) full(key K) time.Duration {
	if full, ok := l.recent[key]; ok {
		return full
	}
	return l.older[key]
}

// turn makes room. A key that was not met for as long as a bucket takes to fill has a
// full one, and need not be remembered.
func (l *Limiter[K]) turn(now time.Duration) {
	if now-l.turned >= l.burst || len(l.recent) >= max(1, l.keys/2) {
		l.older, l.recent, l.turned = l.recent, map[K]time.Duration{}, now
	}
}
