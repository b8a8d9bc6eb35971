package auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// wait sleeps as long as an answer says, which must be 429, and no longer than limit.
func wait(t *testing.T, w *httptest.ResponseRecorder, limit time.Duration) {
	t.Helper()
	seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if w.Code != http.StatusTooManyRequests || err != nil || seconds < 1 || time.Duration(seconds)*time.Second > limit || len(w.Result().Cookies()) > 0 {
		t.Fatalf("%d %v %s; want 429 with a Retry-After of at most %s", w.Code, w.Header(), w.Body, limit)
	}
	time.Sleep(time.Duration(seconds) * time.Second)
}

// One client has a few attempts, then waits, and gets in with the right password.
func TestBruteForceFromOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, settings())
		for n := range 5 {
			wantStatus(t, fmt.Sprint("attempt ", n+1), s.login(t, "wrong"), http.StatusForbidden)
		}
		for range 10 {
			wait(t, s.login(t, password), 30*time.Second)
			wantStatus(t, "after the wait", s.login(t, "wrong"), http.StatusForbidden)
		}
		for range 1000 { // what is refused unseen does not make the wait longer
			s.login(t, "wrong")
		}
		s.letIn(t, from("198.51.100.8"))
		wait(t, s.login(t, password), 30*time.Second)
		s.letIn(t)
		s.letIn(t) // the right password costs nothing
	})
}

// Of the guesses of two hours few are seen.
func TestHowManyGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, settings())
		one, many := 0, 0
		for second := range 2 * 3600 {
			if second%10 == 0 && s.login(t, "wrong").Code == http.StatusForbidden {
				one++
			}
			if s.login(t, "wrong", from(fmt.Sprintf("203.0.%d.%d", second/256%256, second%256))).Code == http.StatusForbidden {
				many++
			}
			time.Sleep(time.Second)
		}
		if one > 2*120+5 || one+many > 2*720+50 {
			t.Errorf("%d guesses from one address, %d in all", one, one+many)
		}
	})
}

// All attempts at once are no more than one after the other.
func TestBruteForceAtOnce(t *testing.T) {
	s := newSite(t, settings())
	var seen atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if s.login(t, "wrong").Code == http.StatusForbidden {
				seen.Add(1)
			}
		})
	}
	all.Wait()
	if seen := seen.Load(); seen < 5 || seen > 6 { // the sixth after half a minute
		t.Errorf("%d of 200 attempts at once were seen; want 5", seen)
	}
}

// wantThrottled fails unless, of 20 attempts, only the first 5 are looked at.
func wantThrottled(t *testing.T, attempt func(n int) *httptest.ResponseRecorder) {
	t.Helper()
	for n := range 20 {
		want := http.StatusForbidden
		if n >= 5 {
			want = http.StatusTooManyRequests
		}
		wantStatus(t, fmt.Sprint("attempt ", n), attempt(n), want)
	}
}

// Addresses of one IPv6 network are one client.
func TestBruteForceFromOneNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, settings())
		wantThrottled(t, func(n int) *httptest.ResponseRecorder {
			return s.login(t, "wrong", from(fmt.Sprintf("2001:db8::%x", n+1)))
		})
		wantStatus(t, "another network", s.login(t, "wrong", from("2001:db8:0:1::1")), http.StatusForbidden)
		wantStatus(t, "IPv4", s.login(t, "wrong", from("::ffff:203.0.113.1")), http.StatusForbidden)
	})
}

// Many addresses are slowed down together. They can't keep the owner out at an address that
// the password came from lately, nor one who has the token; others they keep out only while they go on.
func TestBruteForceFromManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, settings())
		s.letIn(t, from("198.51.100.1"))
		time.Sleep(29 * 24 * time.Hour)
		if seen := s.attackFromEverywhere(t, 0, 5000); seen != 50 {
			t.Errorf("%d attempts of many addresses at once were seen; want 50", seen)
		}
		s.letIn(t, from("198.51.100.1"))
		wantRedirect(t, s.login(t, token, from("198.51.100.2")), "/admin/")
		time.Sleep(time.Minute)
		if seen := s.attackFromEverywhere(t, 0, 5000); seen != 12 {
			t.Errorf("%d more attempts were seen a minute later; want 12", seen)
		}
		wait(t, s.login(t, password, from("198.51.100.10")), 5*time.Second)
		s.letIn(t, from("198.51.100.10"))
	})
}

// An owner whose address attackers share gets in with the token.
func TestBruteForceByANeighbour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, settings())
		for range 6 {
			s.login(t, "wrong")
		}
		wantStatus(t, "the password", s.login(t, password), http.StatusTooManyRequests)
		session := s.login(t, token)
		wantRedirect(t, session, "/admin/")
		if !s.opens(t, with(session)) {
			t.Error("the session of a token does not open the page")
		}
	})
}

// A peer that is not trusted gains nothing by naming another client.
func TestForwardedByNobodyTrusted(t *testing.T) {
	s := newSite(t, settings())
	wantThrottled(t, func(n int) *httptest.ResponseRecorder {
		spoofed := fmt.Sprintf("203.0.113.%d", n)
		return s.login(t, "wrong", header("X-Forwarded-For", spoofed), header("X-Forwarded-Proto", "https"),
			header("Forwarded", "for="+spoofed+";proto=https"), header("X-Real-Ip", spoofed), header("X-Client-Ip", spoofed))
	})
	session := s.letIn(t, from("198.51.100.8"), header("X-Forwarded-Proto", "https"))
	if cookie := session.Result().Cookies()[0]; cookie.Secure {
		t.Errorf("%s: TLS is believed of a stranger", cookie)
	}
}

// Through a trusted proxy, only what it added counts.
func TestForwardedByATrustedProxy(t *testing.T) {
	s := newSite(t, settings())
	wantThrottled(t, func(n int) *httptest.ResponseRecorder {
		return s.login(t, "wrong", from(proxy), header("X-Forwarded-For", fmt.Sprintf("203.0.113.%d, 203.0.113.200,%s", n, owner)))
	})
	wantStatus(t, "two lines", s.login(t, "wrong", from(proxy), header("X-Forwarded-For", "203.0.113.99"), header("X-Forwarded-For", owner)), http.StatusTooManyRequests)
	wantStatus(t, "mapped", s.login(t, "wrong", from("::ffff:"+proxy), header("X-Forwarded-For", "::ffff:"+owner)), http.StatusTooManyRequests)
	wantStatus(t, "with a port", s.login(t, "wrong", from(proxy), header("X-Forwarded-For", owner+":80")), http.StatusTooManyRequests)
	s.letIn(t, through("203.0.113.50", "https"))
	for _, garbage := range []string{"", "unknown", "<script>", "1.2.3", "1.2.3.4.5", "_hidden"} { // the proxy itself, then
		s.login(t, "wrong", through(garbage, "http"))
	}
	wantStatus(t, "garbage", s.login(t, "wrong", from(proxy)), http.StatusTooManyRequests)
	for client, name := range map[string]string{"https": "__Host-admin-session", "HTTPS": "__Host-admin-session", "http,https": "__Host-admin-session", "https, http": "admin-session", "httpsx": "admin-session"} {
		if cookie := s.letIn(t, through("203.0.113.51", client)).Result().Cookies()[0]; cookie.Name != name {
			t.Errorf("X-Forwarded-Proto: %s gives %s", client, cookie)
		}
	}
}
