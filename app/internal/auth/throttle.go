package auth

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often the password may be wrong. A bucket holds so many wrong attempts, and
// gets one back in each interval.
const (
	clientAttempts, clientInterval = 5, 30 * time.Second
	allAttempts, allInterval       = 50, 5 * time.Second
)

// How many networks are remembered to have known the password, and how long.
const (
	maxKnown  = 1000
	knownTime = 30 * 24 * time.Hour
)

// client is who shows a password.
type client struct {
	address netip.Addr
	device  string // the browser's id, if somebody logged in with it before
}

func (c client) bucket() string {
	if c.device != "" {
		return "device " + c.device
	}
	return networkOf(c.address).String()
}

// throttle slows down guessing: per client, and for all clients together, or many
// addresses would be as good as many attempts. Only wrong attempts count, but one
// that comes too early is refused unseen, be it right or wrong.
//
// A client is a network; or a browser, once somebody has logged in with it. Such
// browsers, and networks that the right password came from lately, are known, and
// not slowed down by what all others do: who attacks from many addresses can't keep
// the owner out. An owner whom nothing here knows waits, while that attack
// goes on, for a turn among the attackers'.
//
// It remembers clients until their bucket is full again, in about 150 s. Until then
// the limit for all lets through some 80 wrong attempts, so that there are no more
// buckets than that, of unknown clients.
type throttle struct {
	mu      sync.Mutex
	all     *rate.Limiter
	clients map[string]*rate.Limiter // those whose bucket is not full
	known   map[netip.Prefix]time.Time
}

func newThrottle() *throttle {
	return &throttle{
		all:     rate.NewLimiter(rate.Every(allInterval), allAttempts),
		clients: map[string]*rate.Limiter{},
		known:   map[netip.Prefix]time.Time{},
	}
}

// attempt returns what check says of the client's password, or, unchecked, how long
// the client has to wait.
func (t *throttle) attempt(c client, check func() bool) (ok bool, wait time.Duration) {
	t.mu.Lock() // while it is checked, too: else attempts at once would all be let through
	defer t.mu.Unlock()
	now := time.Now()
	bucket, slowed := t.clients[c.bucket()]
	if !slowed {
		bucket = rate.NewLimiter(rate.Every(clientInterval), clientAttempts)
	}
	limits := []*rate.Limiter{bucket}
	if !t.knows(c, now) {
		limits = append(limits, t.all)
	}
	for _, limit := range limits {
		wait = max(wait, untilAllowed(limit, now))
	}
	if wait > 0 {
		return false, wait
	}
	if check() {
		t.remember(networkOf(c.address), now)
		return true, 0
	}
	for _, limit := range limits {
		limit.AllowN(now, 1)
	}
	t.forgetFull(now)
	t.clients[c.bucket()] = bucket
	return false, 0
}

func (t *throttle) knows(c client, now time.Time) bool {
	since, ok := t.known[networkOf(c.address)]
	return c.device != "" || ok && now.Sub(since) < knownTime
}

// remember makes the network known, in place of the one known longest if there are many.
func (t *throttle) remember(network netip.Prefix, now time.Time) {
	t.known[network] = now
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

// forgetFull drops the buckets that are as good as new ones.
func (t *throttle) forgetFull(now time.Time) {
	for client, bucket := range t.clients {
		if bucket.TokensAt(now) >= clientAttempts {
			delete(t.clients, client)
		}
	}
}

// untilAllowed is how long it takes until the limit lets one more attempt through.
func untilAllowed(limit *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - limit.TokensAt(now)
	return max(0, time.Duration(missing/float64(limit.Limit())*float64(time.Second)))
}
