package auth_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/herokuapp/app/internal/auth"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	"example.com/herokuapp/app/internal/web"
	countermemory "example.com/herokuapp/counter-memory"
)

const (
	password = "correct horse battery staple"
	token    = "s3cr3t-t0k3n-of-the-owner-9f8e7d6c5b4a"
	key      = "0123456789abcdef0123456789abcdef"
	owner    = "198.51.100.7"
	proxy    = "10.0.0.1"
)

func settings() config.Config {
	return config.Config{
		AdminPassword: password, AdminToken: token, SecretKey: key,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
}

// site is a page and an API behind a gate.
type site struct {
	http.Handler
	logs *observer.ObservedLogs
}

func newSite(t *testing.T, cfg config.Config) *site {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	log := zap.New(core)
	parts := sitetest.New(t, cfg, countermemory.New(), log)
	gate := auth.New(cfg, parts.Pages, log)
	routes := append(gate.Routes(),
		web.Route{Path: "/admin/api/", Below: true, Header: auth.Header(), Guard: gate.Bearer, Refuse: says("the API")},
		web.Route{Path: "/admin/", Below: true, Header: auth.Header(), Guard: gate.Session, Refuse: says("the counters")})
	return &site{parts.Handler(routes...), logs}
}

// newGate returns a gate that shows its form to nobody.
func newGate(t *testing.T, cfg config.Config) *auth.Gate {
	t.Helper()
	return auth.New(cfg, nil, zap.NewNop())
}

// attackFromEverywhere shows a wrong password from that many networks, and returns how many
// attempts were looked at.
func (s *site) attackFromEverywhere(t *testing.T, first, networks int) (seen int) {
	t.Helper()
	for n := range networks {
		if s.login(t, "wrong", from(fmt.Sprintf("2001:db8:%x:%x::1", (first+n)>>16, (first+n)&0xffff))).Code == http.StatusForbidden {
			seen++
		}
	}
	return seen
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

// part is something about a request.
type part func(*http.Request)

func header(name, value string) part { return func(r *http.Request) { r.Header.Add(name, value) } }
func bearer(token string) part       { return header("Authorization", "Bearer "+token) }

// from is the peer that sends the request.
func from(address string) part {
	return func(r *http.Request) { r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(address), 4711).String() }
}

// through has a proxy say who sent the request, and how.
func through(client, proto string) part {
	return func(r *http.Request) {
		from(proxy)(r)
		r.Header.Set("X-Forwarded-For", client)
		r.Header.Set("X-Forwarded-Proto", proto)
	}
}

func form(values url.Values) part {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader(values.Encode()))
	}
}

// with sends what an answer has set, as a browser would.
func with(answers ...*httptest.ResponseRecorder) part {
	return func(r *http.Request) {
		for _, w := range answers {
			for _, cookie := range w.Result().Cookies() {
				r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
			}
		}
	}
}

func (s *site) do(t *testing.T, method, path string, parts ...part) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	from(owner)(r)
	for _, part := range parts {
		part(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "form-action 'self'") {
		t.Errorf("%s %s: %v", method, path, w.Header())
	}
	return w
}

// login shows the password.
func (s *site) login(t *testing.T, password string, parts ...part) *httptest.ResponseRecorder {
	t.Helper()
	return s.do(t, http.MethodPost, "/admin/login", append([]part{form(url.Values{"password": {password}})}, parts...)...)
}

// letIn shows the right password and must get in.
func (s *site) letIn(t *testing.T, parts ...part) *httptest.ResponseRecorder {
	t.Helper()
	w := s.login(t, password, parts...)
	wantRedirect(t, w, "/admin/")
	return w
}

// opens says whether the page is shown.
func (s *site) opens(t *testing.T, parts ...part) bool {
	t.Helper()
	w := s.do(t, http.MethodGet, "/admin/", parts...)
	if w.Code == http.StatusOK && w.Body.String() == "the counters" {
		return true
	}
	wantRedirect(t, w, "/admin/login")
	if strings.Contains(w.Body.String(), "the counters") {
		t.Error("the page is shown in the redirect")
	}
	return false
}

func wantRedirect(t *testing.T, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
		t.Fatalf("%d, Location: %q, %s; want 303 to %s", w.Code, w.Header().Get("Location"), w.Body, to)
	}
}

func wantStatus(t *testing.T, what string, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Errorf("%s: %d %s; want %d", what, w.Code, w.Body, want)
	}
}
