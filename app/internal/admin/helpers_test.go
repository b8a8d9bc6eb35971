package admin_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/herokuapp/app/internal/admin"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// open is a gate that lets all in, and says through which door.
type open struct{}

func (open) Session(next http.Handler) http.Handler { return door("session", next) }
func (open) Bearer(next http.Handler) http.Handler  { return door("bearer", next) }

func door(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Test-Door", name)
		next.ServeHTTP(w, r)
	})
}

// site is a handler under test with its store and what it logs.
type site struct {
	http.Handler
	store counter.Store
	logs  *observer.ObservedLogs
}

// importLimit is how many counters an import may have in these tests.
const importLimit = 2000

func newSite(t *testing.T, counted counter.Store, settings ...func(*admin.About)) *site {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	log := zap.New(core)
	parts := sitetest.New(t, config.Config{ImportLimit: importLimit}, counted, log)
	about := admin.About{Revision: "abc123", Started: time.Now(), Health: parts.Health, Stats: true}
	about.Backup, _ = counter.As[counter.Snapshotter](counted)
	for _, set := range settings {
		set(&about)
	}
	return &site{parts.Handler(admin.Routes(parts.Counters, about, open{}, parts.Pages, log)...), counted, logs}
}

// newFilled returns a site with these counters.
func newFilled(t *testing.T, entries map[string]int64, settings ...func(*admin.About)) *site {
	t.Helper()
	return newSite(t, sitetest.Fill(t, countermemory.New(), entries), settings...)
}

// do asks for target with a body and its Content-Type.
func (s *site) do(method, target, contentType string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "http://example.com"+target, body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *site) get(target string) *httptest.ResponseRecorder {
	return s.do(http.MethodGet, target, "", nil)
}

// post sends a form given as name, value, name, value and so on.
func (s *site) post(target string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return s.do(http.MethodPost, target, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// confirm sends the form that a page asks to confirm.
func (s *site) confirm(t *testing.T, asked *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	t.Helper()
	body := asked.Body.String()
	action := regexp.MustCompile(`action="(/admin/(?:set|add|reset))"`).FindStringSubmatch(body)
	if action == nil {
		t.Fatalf("%d asks for nothing: %s", asked.Code, body)
	}
	var pairs []string
	for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(body, -1) {
		pairs = append(pairs, field[1], unescape(field[2]))
	}
	return s.post(action[1], pairs...)
}

func unescape(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+", "&amp;", "&").Replace(text)
}

func (s *site) value(t *testing.T, name string) int64 {
	t.Helper()
	value, err := s.store.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func (s *site) wantValue(t *testing.T, name string, want int64) {
	t.Helper()
	if got := s.value(t, name); got != want {
		t.Errorf("%s has the value %d; want %d", name, got, want)
	}
}

// wantLogged fails unless these were the changes, each as "action counter before after by".
func (s *site) wantLogged(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, line := range s.logs.TakeAll() {
		if line.Message != "counter changed" {
			continue
		}
		fields := line.ContextMap()
		got = append(got, fmt.Sprint(fields["action"], " ", fields["counter"], " ", fields["before"], " ", fields["after"], " ", fields["by"]))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("logged %q; want %q", got, want)
	}
}

// wantPage fails unless the answer is a page with this status and these texts.
func wantPage(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v; want a page with %d", w.Code, w.Header(), status)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("lacks %q: %s", text, w.Body)
		}
	}
}

// wantProblem fails unless the answer is a problem with this status, whose detail has the text.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, text string) {
	t.Helper()
	if detail := sitetest.WantProblem(t, w, status); !strings.Contains(detail, text) {
		t.Errorf("the problem is %q; want %q", detail, text)
	}
}
