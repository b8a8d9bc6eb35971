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
	for proto, names := range map[string][]string{
		"http":  {"admin-session", "admin-device"},
		"https": {"__Host-admin-session", "__Host-admin-device"},
	} {
		w := newSite(t, settings()).letIn(t, through(owner, proto))
		cookies := w.Result().Cookies()
		if len(cookies) != len(names) {
			t.Fatalf("%s: %v", proto, cookies)
		}
		for i, cookie := range cookies {
			path := map[string]string{"http": "/admin/", "https": "/"}[proto]
			if cookie.Name != names[i] || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Domain != "" ||
				cookie.Secure != (proto == "https") || cookie.Path != path || (cookie.MaxAge > 0) != (i == 1) {
				t.Errorf("%s: %s", proto, cookie)
			}
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
	value, device := cookies[0].Value, cookies[1].Value
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
		"", "=", "true", "admin", device, value[:len(value)-4], value[4:], value + "AAAA", value + value, strings.Repeat("A", 100_000), "%00", "\"" + value[:10] + "\"",
	} {
		if s.opens(t, send(forged)) {
			t.Errorf("%.40q opens the page", forged)
		}
	}
	if s.opens(t, header("Cookie", "admin-device="+value)) || s.opens(t, header("Authorization", "Bearer "+password)) {
		t.Error("something else opens the page")
	}
	if !s.opens(t, send("forged"), send(value)) {
		t.Error("a forged cookie hides the session")
	}
}

// Sessions of another key or password are none; those of another process with the
// same are.
func TestSessionsOfOthers(t *testing.T) {
	otherKey, otherPassword, noKey := settings(), settings(), settings()
	otherKey.SecretKey = strings.Repeat("x", 32)
	otherPassword.AdminPassword = password + "!"
	noKey.SecretKey = ""
	for name, test := range map[string]struct {
		cfg  config.Config
		want bool
	}{
		"the same": {settings(), true}, "another key": {otherKey, false}, "another password": {otherPassword, false}, "none": {noKey, false},
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

func TestLogout(t *testing.T) {
	for _, proto := range []string{"http", "https"} {
		s := newSite(t, settings())
		by := through(owner, proto)
		session, other := s.letIn(t, by), s.letIn(t, by)
		out := s.do(t, http.MethodPost, "/admin/logout", by, with(session))
		wantRedirect(t, out, "/admin/login")
		wantRemoved(t, out, session)
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

// wantRemoved checks that out has the browser forget session, and only that.
func wantRemoved(t *testing.T, out, session *httptest.ResponseRecorder) {
	t.Helper()
	removed, set := out.Result().Cookies(), session.Result().Cookies()[0]
	if len(removed) != 1 || removed[0].MaxAge >= 0 || removed[0].Name != set.Name || removed[0].Path != set.Path || removed[0].Secure != set.Secure {
		t.Errorf("%v does not remove %s", removed, set)
	}
}
