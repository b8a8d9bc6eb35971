package auth

import (
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func ipv6(n int) netip.Addr {
	addr := [16]byte{0x20, 0x01}
	binary.BigEndian.PutUint32(addr[4:], uint32(n))
	return netip.AddrFrom16(addr)
}

// However many clients attack, the throttle remembers few.
func TestThrottleIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := newThrottle()
		most := 0
		for n := range 100_000 {
			throttle.attempt(client{address: ipv6(n)}, func() bool { return false })
			most = max(most, len(throttle.clients))
			time.Sleep(100 * time.Millisecond)
		}
		if most > 50+30 {
			t.Errorf("%d buckets at once", most)
		}
		for n := range maxKnown + 10 {
			throttle.attempt(client{address: ipv6(n), device: "known"}, func() bool { return true })
			time.Sleep(time.Second)
		}
		if _, oldest := throttle.known[networkOf(ipv6(0))]; len(throttle.known) != maxKnown || oldest {
			t.Errorf("%d networks are known, the first of them: %t", len(throttle.known), oldest)
		}
	})
}

// A network is known for a while only.
func TestKnownNetworksAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := newThrottle()
		owner := client{address: ipv6(1)}
		throttle.attempt(owner, func() bool { return true })
		time.Sleep(knownTime)
		if throttle.knows(owner, time.Now()) {
			t.Error("is known still")
		}
	})
}

// When more sessions were ended than can be remembered, all end, and none comes back.
func TestEndedSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(signingKey("key", "password"))
		begin := func() *http.Request {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			if err := s.begin(w, r, false); err != nil {
				t.Fatal(err)
			}
			r.AddCookie(w.Result().Cookies()[0])
			return r
		}
		open := begin()
		var ended []*http.Request
		for range maxEnded {
			r := begin()
			s.end(r, false)
			ended = append(ended, r)
		}
		time.Sleep(time.Second)
		if len(s.ended) != maxEnded || len(s.of(open, false)) != 1 {
			t.Fatalf("%d ended", len(s.ended))
		}
		last := begin()
		s.end(last, false)
		if len(s.ended) != 1 {
			t.Errorf("%d remembered", len(s.ended))
		}
		for _, r := range append(ended, open, last) {
			if len(s.of(r, false)) > 0 {
				t.Fatal("a session came back")
			}
		}
		time.Sleep(time.Nanosecond)
		fresh := begin()
		if len(s.of(fresh, false)) != 1 {
			t.Error("no session can be begun")
		}
		for len(s.ended) < maxEnded {
			s.end(begin(), false)
		}
		time.Sleep(sessionLife + time.Hour)
		latest := begin()
		s.end(begin(), false) // those that have expired make room
		if len(s.ended) != 1 || len(s.of(latest, false)) != 1 {
			t.Errorf("%d remembered of sessions that have expired", len(s.ended))
		}
	})
}
