package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/herokuapp/app/internal/config"
)

func TestCookies(t *testing.T) {
	for proto, want := range map[string]struct{ name, path string }{
		"http":  {"admin-session", "/admin/"},
		"https": {"__Host-admin-session", "/"},
	} {
		in := newSite(t, settings()).letIn(t, through(owner, proto))
		cookies := in.Result().Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %v", proto, cookies)
		}
		if cookie := cookies[0]; cookie.Name != want.name || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Domain != "" ||
			cookie.Secure != (proto == "https") || cookie.Path != want.path || cookie.MaxAge != 0 {
			t.Errorf("%s: %s", proto, cookie)
		}
	}
}

// A session with TLS is none without it, and the other way round.
func TestSessionsWithAndWithoutTLS(t *testing.T) {
	s := newSite(t, settings())
	plain, secure := s.letIn(t), s.letIn(t, through(owner, "https"))
	tls := through(owner, "https")
	if !s.opens(t, with(plain)) || !s.opens(t, tls, with(secure)) {
		t.Error("a session does not open the page")
	}
	if s.opens(t, with(secure)) || s.opens(t, tls, with(plain)) {
		t.Error("a session is good for both")
	}
	value := plain.Result().Cookies()[0].Value
	if s.opens(t, tls, header("Cookie", "__Host-admin-session="+value)) {
		t.Error("a cookie sent without TLS is good with it, once renamed")
	}
}

func TestForgedSessions(t *testing.T) {
	s := newSite(t, settings())
	session := s.letIn(t)
	cookies := session.Result().Cookies()
	value := cookies[0].Value
	send := func(value string) part { return header("Cookie", "admin-session="+value) }
	if !s.opens(t, send(value)) {
		t.Fatal("the session itself does not open the page")
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range value {
		at := strings.IndexByte(alphabet, value[i])
		if at < 0 { // padding
			continue
		}
		// The highest of a character's six bits: the lowest may be padding, that decodes to the same.
		if s.opens(t, send(value[:i]+string(alphabet[at^32])+value[i+1:])) {
			t.Fatalf("tampered at %d, and opens the page", i)
		}
	}
	for _, forged := range []string{
		"", "=", "true", "admin", "none", value[:len(value)-4], value[4:], value + "AAAA", value + value, strings.Repeat("A", 100_000), "%00", "\"" + value[:10] + "\"",
	} {
		if s.opens(t, send(forged)) {
			t.Errorf("%.40q opens the page", forged)
		}
	}
	if s.opens(t, header("Cookie", "admin-device="+value)) || s.opens(t, bearer(password)) || s.opens(t, bearer(token)) {
		t.Error("something else opens the page")
	}
	if !s.opens(t, send("forged"), send(value)) {
		t.Error("a forged cookie hides the session")
	}
}

// Sessions of another key or password are none; those of another process with the
// same are.
func TestSessionsOfOthers(t *testing.T) {
	otherKey, otherPassword, otherToken, noKey := settings(), settings(), settings(), settings()
	otherKey.SecretKey = strings.Repeat("x", 32)
	otherPassword.AdminPassword = password + "!"
	otherToken.AdminToken = token + "!"
	noKey.SecretKey = ""
	for name, test := range map[string]struct {
		cfg  config.Config
		want bool
	}{
		"the same": {settings(), true}, "another key": {otherKey, false}, "another password": {otherPassword, false}, "another token": {otherToken, false}, "none": {noKey, false},
	} {
		session := newSite(t, test.cfg).login(t, test.cfg.AdminPassword)
		if newSite(t, settings()).opens(t, with(session)) != test.want {
			t.Errorf("%s: opens the page: %t", name, !test.want)
		}
	}
	one, other := newSite(t, noKey), newSite(t, noKey)
	session := one.letIn(t)
	if !one.opens(t, with(session)) || other.opens(t, with(session)) {
		t.Error("without a key sessions are not those of one process")
	}
	if warned := one.logs.FilterMessageSnippet("SECRET_KEY is not set").Len(); warned != 1 {
		t.Errorf("%d warnings", warned)
	}
}

func TestSessionsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, settings())
		session := s.letIn(t)
		time.Sleep(12 * time.Hour)
		if !s.opens(t, with(session)) {
			t.Error("ended before 12 hours")
		}
		time.Sleep(2 * time.Second) // time in cookies is in seconds
		if s.opens(t, with(session)) {
			t.Error("is good after 12 hours")
		}
	})
}

// A clock that was set back leaves sessions from the future, which are not valid. Clocks of
// two processes may be apart a little.
func TestSessionsFromTheFuture(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{
		0: true, time.Minute: true, time.Minute + time.Second: false, time.Hour: false, 11 * time.Hour: false, 1000 * time.Hour: false,
	} {
		var session *httptest.ResponseRecorder
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(ahead)
			session = newSite(t, settings()).letIn(t)
		})
		synctest.Test(t, func(t *testing.T) { // at the time when the other one began
			if newSite(t, settings()).opens(t, with(session)) != want {
				t.Errorf("issued %s from now, opens the page: %t", ahead, !want)
			}
		})
	}
}

// A session that is ended while a wrong clock makes it invalid stays ended when the clock is
// right.
func TestLogoutByAWrongClock(t *testing.T) {
	for name, clocks := range map[string]struct{ login, logout, later time.Duration }{
		"ahead at the login":   {time.Hour, 0, 2 * time.Hour},
		"ahead at the log-out": {0, 100 * time.Hour, time.Hour},
	} {
		var session *httptest.ResponseRecorder
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(clocks.login)
			session = newSite(t, settings()).letIn(t)
		})
		var s *site
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(clocks.logout)
			s = newSite(t, settings())
			if s.opens(t, with(session)) {
				t.Errorf("%s: the session is valid", name)
			}
			s.do(t, http.MethodPost, "/admin/logout", with(session))
		})
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(clocks.later)
			if s.opens(t, with(session)) {
				t.Errorf("%s: the session is valid again", name)
			}
			if !newSite(t, settings()).opens(t, with(session)) {
				t.Errorf("%s: the session is not valid elsewhere", name)
			}
		})
	}
}

func TestLogout(t *testing.T) {
	for _, proto := range []string{"http", "https"} {
		s := newSite(t, settings())
		by := through(owner, proto)
		session, other := s.letIn(t, by), s.letIn(t, by)
		out := s.do(t, http.MethodPost, "/admin/logout", by, with(session))
		wantRedirect(t, out, "/admin/login")
		wantOverwritten(t, out, session)
		if s.opens(t, by, with(session)) {
			t.Error("the session can be replayed")
		}
		if !s.opens(t, by, with(other)) {
			t.Error("another browser's session has ended, too")
		}
		wantRedirect(t, s.do(t, http.MethodPost, "/admin/logout", by, with(session)), "/admin/login")
		wantRedirect(t, s.do(t, http.MethodPost, "/admin/logout", by), "/admin/login")
		if lines := s.logs.FilterMessage("admin: logged out").Len(); lines != 1 {
			t.Errorf("%d lines of 1 log-out", lines)
		}
		again := s.letIn(t, by, with(other))
		if s.opens(t, by, with(other)) || !s.opens(t, by, with(again)) {
			t.Error("a login does not replace the session there was")
		}
	}
}

// wantOverwritten checks that out has the browser replace its session by nothing, by one
// cookie of the same name and place.
func wantOverwritten(t *testing.T, out, session *httptest.ResponseRecorder) {
	t.Helper()
	cookies, set := out.Result().Cookies(), session.Result().Cookies()[0]
	if len(cookies) != 1 || cookies[0].Value != "none" || cookies[0].Name != set.Name || cookies[0].Path != set.Path ||
		cookies[0].Secure != set.Secure || !cookies[0].HttpOnly || cookies[0].MaxAge != 0 {
		t.Errorf("%v does not overwrite %s", cookies, set)
	}
}
