package auth

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/herokuapp/app/internal/client"
)

func ipv6(n int) netip.Prefix {
	addr := [16]byte{0x20, 0x01}
	binary.BigEndian.PutUint32(addr[4:], uint32(n))
	return client.Network(netip.AddrFrom16(addr))
}

// However many networks have known the password, the throttle remembers the latest.
func TestKnownNetworksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := newThrottle()
		for n := range maxKnown + 10 {
			throttle.attempt(ipv6(n), func() bool { return true })
			time.Sleep(time.Second)
		}
		if _, oldest := throttle.known[ipv6(0)]; len(throttle.known) != maxKnown || oldest {
			t.Errorf("%d networks are known, the first of them: %t", len(throttle.known), oldest)
		}
	})
}

// A network is known for a while only.
func TestKnownNetworksAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := newThrottle()
		throttle.attempt(ipv6(1), func() bool { return true })
		time.Sleep(knownTime)
		if throttle.knows(ipv6(1)) {
			t.Error("is still known")
		}
	})
}

// begin returns a request in a new session.
func begin(t *testing.T, s *sessions) *http.Request {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	if err := s.begin(w, r, false); err != nil {
		t.Fatal(err)
	}
	r.AddCookie(w.Result().Cookies()[0])
	return r
}

// When more sessions were ended than can be remembered, all end, and none comes back.
func TestEndedSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions("key", "password")
		open := begin(t, s)
		var ended []*http.Request
		for range maxEnded {
			r := begin(t, s)
			s.end(r, false)
			ended = append(ended, r)
		}
		time.Sleep(time.Second)
		if len(s.ended) != maxEnded || len(s.of(open, false)) != 1 {
			t.Fatalf("%d ended", len(s.ended))
		}
		last := begin(t, s)
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
		fresh := begin(t, s)
		if len(s.of(fresh, false)) != 1 {
			t.Error("no session can be begun")
		}
		for len(s.ended) < maxEnded {
			s.end(begin(t, s), false)
		}
		time.Sleep(sessionLife + time.Hour)
		latest := begin(t, s)
		s.end(begin(t, s), false) // those that have expired make room
		if len(s.ended) != 1 || len(s.of(latest, false)) != 1 {
			t.Errorf("%d remembered of sessions that have expired", len(s.ended))
		}
	})
}

// A session of a clock that was ahead does not come back either.
func TestEndedSessionsFromTheFutureAreBounded(t *testing.T) {
	var ahead *http.Request
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		ahead = begin(t, newSessions("key", "password"))
	})
	synctest.Test(t, func(t *testing.T) {
		s := newSessions("key", "password")
		s.end(ahead, false)
		for n := range maxEnded - 1 {
			s.ended[fmt.Sprint(n)] = time.Now().Add(remembered)
		}
		s.end(begin(t, s), false)
		time.Sleep(time.Hour)
		if len(s.ended) != 1 || len(s.of(ahead, false)) > 0 {
			t.Error("the session came back")
		}
	})
}

// Sessions begin, are looked at and end at the same time, through the requests
// of browsers.
func TestSessionsAtOnce(t *testing.T) {
	s := newSessions("key", "password")
	var browsers sync.WaitGroup
	for range 8 {
		browsers.Go(func() {
			for range 200 {
				r := begin(t, s)
				s.of(r, false)
				if s.end(r, false); len(s.of(r, false)) > 0 {
					t.Error("an ended session is still valid")
					return
				}
			}
		})
	}
	browsers.Wait()
}
