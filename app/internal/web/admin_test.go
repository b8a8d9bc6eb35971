package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/config"
	countermemory "example.com/herokuapp/counter-memory"
)

// adminPaths lead to the admin site, or may be thought to.
func adminPaths() []string {
	return []string{
		"/admin", "/admin/", "/admin/login", "/admin/logout", "/admin/set", "/admin/export", "/admin/import", "/admin/admin.css",
		"/admin/api/counters", "/admin/api/counters/x", "/admin/nowhere", "//admin", "//admin/", "/admin//", "/Admin", "/ADMIN/",
		"/admin/.", "/admin/../", "/admin/../admin/", "/./admin/", "/x/../admin/", "/admin/%2e%2e/", "/%2e/admin/", "/admin.", "/admin./", "/admin/.",
		"/%61dmin/", "/admin%2f", "/admin%2Flogin", "/admin%00", "/admin/%00", "/admin;/", "/admin/;x", "/admin/login/", "/admin/login/..", "/admin\\",
		"/admin%20", "/admin/counters?x", "/admin/login?password=x", "http://admin/admin/", "/healthz/../admin/",
	}
}

// ask asks for the target as it is written, with headers given as name, value and so on.
func (s *site) ask(method, target string, headers ...string) *httptest.ResponseRecorder {
	return s.send(httptest.NewRequestWithContext(context.Background(), method, target, nil), headers...)
}

// Without a password there is no admin site, and nothing tells that there could be.
func TestAdminIsOff(t *testing.T) {
	s := newSite(t, config.Config{SecretKey: strings.Repeat("k", 32)}, countermemory.New())
	answer := func(method, target string) string {
		w := s.ask(method, target, "Authorization", "Bearer ", "Origin", "https://attacker.example", "Sec-Fetch-Site", "cross-site",
			"X-Request-Id", "1", "Cookie", "admin-session=x", "Content-Type", "application/x-www-form-urlencoded")
		return fmt.Sprint(w.Code, w.Header(), w.Body)
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
		want := answer(method, "/nowhere")
		if !strings.HasPrefix(want, "404 ") {
			t.Fatalf("%s /nowhere: %s", method, want)
		}
		for _, target := range adminPaths() {
			if got := answer(method, target); got != want {
				t.Errorf("%s %s: %s\nan unknown path: %s", method, target, got, want)
			}
		}
	}
}

// No other way to write a path, and no header, leads around the login.
func TestNoWayAroundTheLogin(t *testing.T) {
	cfg := config.Config{PageWait: time.Minute, AdminPassword: "correct horse battery staple"}
	s := newSite(t, cfg, countermemory.New())
	headers := []string{"X-Original-URL", "/admin/", "X-Rewrite-URL", "/admin/", "X-HTTP-Method-Override", "GET", "X-Forwarded-Prefix", "/admin", "X-Forwarded-For", "127.0.0.1"}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
		for _, target := range append(adminPaths(), "/", "/nowhere") {
			w := s.ask(method, target, headers...)
			if strings.Contains(w.Body.String(), "Export") || strings.Contains(w.Body.String(), "panic") {
				t.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
			}
			if to := w.Header().Get("Location"); to != "" && to != "/admin/login" && to != "/admin/" {
				t.Errorf("%s %s leads to %q", method, target, to)
			}
			if strings.HasPrefix(target, "/admin/") && w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s may be kept: %v", method, target, w.Header())
			}
		}
	}
}

func TestAdminHeaders(t *testing.T) {
	s := newSite(t, config.Config{AdminPassword: "correct horse battery staple"}, countermemory.New())
	wantHeaders(t, s.ask(http.MethodGet, "/admin"), map[string]string{"Location": "/admin/"})
	login := s.ask(http.MethodGet, "/admin/login")
	wantHeaders(t, login, map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'",
	})
	if login.Code != http.StatusOK {
		t.Errorf("%d %s", login.Code, login.Body)
	}
	wantHeaders(t, s.ask(http.MethodGet, "/x"), map[string]string{
		"Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	})
}
