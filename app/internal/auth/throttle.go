package auth

import (
	"net/netip"
	"sync"
	"time"

	"example.com/herokuapp/app/internal/client"
)

// How often the password may be wrong: a burst at first, then once in each interval.
const (
	clientAttempts, clientInterval = 5, 30 * time.Second
	allAttempts, allInterval       = 50, 5 * time.Second
	maxClients                     = 1000 // far more than the total limit allows while a bucket fills
)

// How many networks are remembered that sent the right password, and for how long.
const (
	maxKnown  = 1000
	knownTime = 30 * 24 * time.Hour
)

// throttle slows down guessing, for each network and for all networks together: otherwise
// an attacker with many addresses would have many attempts. Only wrong attempts count. An
// attempt that comes too early is refused without looking at it.
//
// The total limit does not apply to a network that recently sent the right password, so an
// attack from many addresses does not keep the owner out there.
type throttle struct {
	mu      sync.Mutex
	clients *client.Limiter[netip.Prefix]
	all     *client.Limiter[struct{}]
	known   map[netip.Prefix]time.Time
}

func newThrottle() *throttle {
	return &throttle{
		clients: client.NewLimiter[netip.Prefix](clientAttempts, clientInterval, maxClients),
		all:     client.NewLimiter[struct{}](allAttempts, allInterval, 1),
		known:   map[netip.Prefix]time.Time{},
	}
}

// attempt returns the result of check for a password from the network. If the attempt comes
// too early, it does not call check and returns how long to wait.
func (t *throttle) attempt(network netip.Prefix, check func() bool) (ok bool, wait time.Duration) {
	t.mu.Lock() // also during the check: otherwise simultaneous attempts would all pass
	defer t.mu.Unlock()
	known := t.knows(network)
	wait = t.clients.Wait(network)
	if !known {
		wait = max(wait, t.all.Wait(struct{}{}))
	}
	if wait > 0 {
		return false, wait
	}
	if check() {
		t.remember(network)
		return true, 0
	}
	t.clients.Take(network)
	if !known {
		t.all.Take(struct{}{})
	}
	return false, 0
}

func (t *throttle) knows(network netip.Prefix) bool {
	since, ok := t.known[network]
	return ok && time.Since(since) < knownTime
}

// remember notes that the network sent the right password. If too many are noted, it
// replaces the oldest.
func (t *throttle) remember(network netip.Prefix) {
	t.known[network] = time.Now()
	if len(t.known) <= maxKnown {
		return
	}
	oldest := network
	for other, since := range t.known {
		if since.Before(t.known[oldest]) {
			oldest = other
		}
	}
	delete(t.known, oldest)
}
