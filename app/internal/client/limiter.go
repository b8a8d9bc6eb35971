package client

import (
	"sync"
	"time"
)

// Limiter allows each key a burst, and after that one more in each interval. The caller
// chooses what a key stands for, such as a client, or a client and a page. It is safe for
// concurrent use.
//
// A Limiter remembers a bounded number of keys. If there are more, it forgets those that
// were not used for the longest time, and they may have a burst again. So flooding it with
// keys weakens the limit but takes no more memory.
type Limiter[K comparable] struct {
	interval time.Duration
	burst    time.Duration // how long an empty bucket takes to fill
	keys     int
	start    time.Time

	mu sync.Mutex
	// When the bucket of each key is full again, as time since start. A key in neither map
	// has a full bucket. Keys move to recent when they are used; older is dropped as a whole.
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

// Take uses up one of what the key is allowed, and returns 0. If nothing is left, it uses
// up nothing and returns how long to wait for the next.
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

// turn makes room. A key that was not used for as long as a bucket takes to fill has a full
// bucket, so it can be forgotten.
func (l *Limiter[K]) turn(now time.Duration) {
	if now-l.turned >= l.burst || len(l.recent) >= max(1, l.keys/2) {
		l.older, l.recent, l.turned = l.recent, map[K]time.Duration{}, now
	}
}
