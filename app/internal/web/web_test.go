package web_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/herokuapp/app/internal/admin"
	"example.com/herokuapp/app/internal/auth"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	"example.com/herokuapp/app/internal/store"
	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// site is a handler under test with its store and what it logs.
type site struct {
	http.Handler
	store  counter.Store
	health *store.Health // that was not started
	logs   *observer.ObservedLogs
}

// newSite returns a site whose pages wait a minute for their number, unless cfg says otherwise.
func newSite(t *testing.T, cfg config.Config, counters counter.Store) *site {
	t.Helper()
	cfg.PageWait = cmp.Or(cfg.PageWait, time.Minute)
	core, logs := observer.New(zapcore.DebugLevel)
	log := zap.New(core)
	parts := sitetest.New(t, cfg, counters, log)
	gate := auth.New(cfg, parts.Pages, log)
	var owned []web.Route
	if gate.Enabled() {
		owned = append(gate.Routes(), admin.Routes(parts.Counters, admin.About{Health: parts.Health}, gate, parts.Pages, log)...)
	}
	return &site{parts.Handler(owned...), counters, parts.Health, logs}
}

// do asks for path with headers given as name, value, name, value and so on.
func (s *site) do(method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "http://example.com/", nil)
	r.URL.Path = path
	return s.send(r, headers...)
}

// send sends the request with the headers.
func (s *site) send(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *site) views(t *testing.T) int64 {
	t.Helper()
	views, err := s.store.Get(t.Context(), "counter_key")
	if err != nil {
		t.Fatal(err)
	}
	return views
}

func (s *site) wantViews(t *testing.T, want int64) {
	t.Helper()
	if got := s.views(t); got != want {
		t.Errorf("%d views counted; want %d", got, want)
	}
}

func TestHomeCounts(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	for n := range 3 {
		w := s.do(http.MethodGet, "/")
		sentence := fmt.Sprintf("This page was viewed %d times.", n+1)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), sentence) {
			t.Fatalf("view %d: %d %s", n+1, w.Code, w.Body)
		}
		wantHeaders(t, w, map[string]string{
			"View-Status":                "counted",
			"Content-Type":               "text/html; charset=utf-8",
			"Cache-Control":              "no-store",
			"X-Content-Type-Options":     "nosniff",
			"X-Frame-Options":            "DENY",
			"Referrer-Policy":            "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
		})
		if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("Content-Security-Policy: %q", policy)
		}
	}
}

// HEAD answers what the next GET answers, but for the body and the view.
func TestHeadCountsNothing(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	sitetest.Set(t, s.store, "counter_key", 9) // the next number is longer
	head := s.do(http.MethodHead, "/")
	wantHeaders(t, head, map[string]string{"View-Status": "skipped;reason=head"})
	if views := s.views(t); head.Code != http.StatusOK || views != 9 {
		t.Fatalf("HEAD: %d, %d views; want 200 and 9", head.Code, views)
	}
	get := s.do(http.MethodGet, "/")
	for _, w := range []*httptest.ResponseRecorder{head, get} {
		w.Header().Del("View-Status")
		w.Header().Del("X-Request-Id")
	}
	if got, want := fmt.Sprint(head.Header()), fmt.Sprint(get.Header()); got != want {
		t.Errorf("HEAD answers %s\nGET answers %s", got, want)
	}
}

// The type and length of the page are net/http's to say.
func TestHomeOverHTTP(t *testing.T) {
	server := httptest.NewServer(newSite(t, config.Config{}, countermemory.New()))
	defer server.Close()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || (len(page) == 0) != (method == http.MethodHead) {
			t.Errorf("%s: a body of %d bytes, %v", method, len(page), err)
		}
		if kind := response.Header.Get("Content-Type"); kind != "text/html; charset=utf-8" || response.ContentLength < 100 ||
			len(page) > 0 && response.ContentLength != int64(len(page)) {
			t.Errorf("%s: Content-Type %q, Content-Length %d; the page has %d bytes", method, kind, response.ContentLength, len(page))
		}
	}
}

func TestPrefetchCountsNothing(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	for _, header := range [][]string{
		{"Sec-Purpose", "prefetch"},
		{"Sec-Purpose", "prefetch;prerender"},
		{"Sec-Purpose", "prefetch;anonymous-client-ip"},
		{"Sec-Purpose", "Prefetch"},
		{"Purpose", "prefetch"},
		{"Purpose", "prerender"},
		{"X-Purpose", "preview"},
		{"X-Moz", "prefetch"},
		{"Sec-Purpose", "other", "Sec-Purpose", "prefetch"},
	} {
		w := s.do(http.MethodGet, "/", header...)
		wantHeaders(t, w, map[string]string{"View-Status": "skipped;reason=prefetch", "Cache-Control": "no-store"})
		if w.Code != http.StatusServiceUnavailable || w.Body.Len() != 0 {
			t.Errorf("%q: %d %q; want 503 and nothing", header, w.Code, w.Body)
		}
	}
	s.wantViews(t, 0)
	s.do(http.MethodGet, "/", "Sec-Purpose", "", "Purpose", "navigate")
	s.wantViews(t, 1)
}

// What shows the page to nobody uses up no number, and sees how many views there are.
func TestSkippedViews(t *testing.T) {
	for _, skipBots := range []bool{true, false} {
		s := newSite(t, config.Config{SkipBots: skipBots}, countermemory.New())
		sitetest.Set(t, s.store, "counter_key", 9)
		number := int64(9)
		for _, test := range []struct{ name, value, want string }{
			{"Sec-Fetch-Dest", "image", "skipped;reason=embedded"},
			{"Upgrade", "websocket", "skipped;reason=embedded"},
			{"User-Agent", "Googlebot/2.1", map[bool]string{true: "skipped;reason=bot", false: "counted"}[skipBots]},
			{"User-Agent", "curl/8.5.0", "counted"},
			{"Sec-Fetch-Dest", "document", "counted"},
		} {
			if test.want == "counted" {
				number++
			}
			w := s.do(http.MethodGet, "/", test.name, test.value)
			wantHeaders(t, w, map[string]string{"View-Status": test.want, "Cache-Control": "no-store"})
			if sentence := fmt.Sprintf("This page was viewed %d times.", number); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), sentence) {
				t.Errorf("SKIP_BOTS=%t, %s: %s: %d %s; want %q", skipBots, test.name, test.value, w.Code, w.Body, sentence)
			}
		}
	}
}

func TestOtherPathsAre404(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	for _, path := range []string{"/x", "//", "/./", "/../", "/index.html", "/favicon.ico/", "/\x00", "*", "/<script>"} {
		w := s.do(http.MethodGet, path)
		if w.Code != http.StatusNotFound || w.Header().Get("View-Status") != "" || w.Header().Get("X-Frame-Options") != "DENY" {
			t.Errorf("%q: %d %v", path, w.Code, w.Header())
		}
	}
	s.wantViews(t, 0)
}

func TestOtherMethodsAre405(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	for _, path := range []string{"/", "/favicon.ico", "/healthz", "/readyz"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "BREW"} {
			w := s.do(method, path)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow: %q", method, path, w.Code, w.Header().Get("Allow"))
			}
		}
	}
	s.wantViews(t, 0)
}

func TestFaviconCountsNothing(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	w := s.do(http.MethodGet, "/favicon.ico")
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 || s.views(t) != 0 {
		t.Errorf("%d, %d views; want 204 and none", w.Code, s.views(t))
	}
}

func TestAccessLog(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	w := s.do(http.MethodGet, "/", "X-Request-Id", "abc-1", "User-Agent", "a browser")
	if got := w.Header().Get("X-Request-Id"); got != "abc-1" {
		t.Errorf("X-Request-Id is answered as %q", got)
	}
	lines := s.logs.FilterMessage("request").All()
	if len(lines) != 1 {
		t.Fatalf("%d access lines for a request", len(lines))
	}
	fields := lines[0].ContextMap()
	for name, want := range map[string]any{
		"method": "GET", "path": "/", "status": int64(200), "bytes": int64(w.Body.Len()),
		"request_id": "abc-1", "view_status": "counted",
	} {
		if fields[name] != want {
			t.Errorf("%s = %v; want %v", name, fields[name], want)
		}
	}
	if _, ok := fields["duration"]; !ok {
		t.Error("no duration")
	}
	if fields["user_agent"] != "a browser" {
		t.Errorf("user_agent = %v", fields["user_agent"])
	}
	s.do(http.MethodHead, "/")
	if fields := s.logs.FilterMessage("request").All()[1].ContextMap(); fields["bytes"] != int64(0) {
		t.Errorf("HEAD is logged with %v bytes", fields["bytes"])
	}
}

func TestRequestIDIsMadeWhereItCantBeTrusted(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	seen := map[string]bool{}
	for _, id := range []string{"", strings.Repeat("a", 129), "a b", "a\"b", "ä"} {
		got := s.do(http.MethodGet, "/healthz", "X-Request-Id", id).Header().Get("X-Request-Id")
		if len(got) < 20 || got == id || seen[got] {
			t.Errorf("%q becomes %q", id, got)
		}
		seen[got] = true
	}
}

func TestStoreProblems(t *testing.T) {
	away := errors.New("dial tcp 192.0.2.1:6379: connection refused <b>")
	for _, test := range []struct {
		err        error
		status     int
		viewStatus string
	}{
		{away, http.StatusServiceUnavailable, "skipped;reason=error"},
		{fmt.Errorf("%w: timeout", counter.ErrUnknown), http.StatusServiceUnavailable, "unknown"},
		{fmt.Errorf("%w: a list", counter.ErrType), http.StatusInternalServerError, "skipped;reason=error"},
		{fmt.Errorf("%w: at the end", counter.ErrOverflow), http.StatusInternalServerError, "skipped;reason=error"},
	} {
		s := newSite(t, config.Config{}, sitetest.Broken{Err: test.err})
		w := s.do(http.MethodGet, "/")
		wantHeaders(t, w, map[string]string{"View-Status": test.viewStatus, "Cache-Control": "no-store"})
		body := w.Body.String()
		if w.Code != test.status || strings.Contains(body, "viewed") || strings.Contains(body, test.err.Error()) {
			t.Errorf("%v: %d %s", test.err, w.Code, body)
		}
		if retry := w.Header().Get("Retry-After") != ""; retry != (test.status == http.StatusServiceUnavailable) {
			t.Errorf("%v: Retry-After is there: %t", test.err, retry)
		}
		if errorLines := s.logs.FilterLevelExact(zapcore.ErrorLevel).Len(); errorLines != 1 {
			t.Errorf("%v: %d error lines; want 1", test.err, errorLines)
		}
	}
	w := newSite(t, config.Config{Debug: true}, sitetest.Broken{Err: away}).do(http.MethodGet, "/")
	if !strings.Contains(w.Body.String(), "connection refused &lt;b&gt;") {
		t.Errorf("with DEBUG the page hides the error or does not escape it: %s", w.Body)
	}
}

func TestHealth(t *testing.T) {
	for name, test := range map[string]struct {
		store counter.Store
		ready int
		body  string
	}{
		"no pinger": {countermemory.New(), http.StatusOK, `{"status":"ok"}`},
		"answers":   {sitetest.Broken{}, http.StatusOK, `{"status":"ok"}`},
		"is away":   {sitetest.Broken{Err: errors.New("dial <x>")}, http.StatusServiceUnavailable, `{"status":"unavailable"}`},
	} {
		s := newSite(t, config.Config{}, test.store)
		if w := s.do(http.MethodGet, "/healthz"); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"status":"ok"}` {
			t.Errorf("%s: /healthz: %d %s", name, w.Code, w.Body)
		}
		w := s.do(http.MethodGet, "/readyz")
		if w.Code != test.ready || strings.TrimSpace(w.Body.String()) != test.body {
			t.Errorf("%s: /readyz: %d %s; want %d %s", name, w.Code, w.Body, test.ready, test.body)
		}
		wantHeaders(t, w, map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"})
	}
}

// endangered is a store that has something to warn of.
type endangered struct{ counter.Store }

func (e endangered) Ping(ctx context.Context) error {
	pinger, _ := counter.As[counter.Pinger](e.Store)
	return pinger.Ping(ctx)
}

func (endangered) Warnings(context.Context) ([]string, error) { return []string{"a <b>", "c"}, nil }

// What strangers can ask for says neither where the store is nor what is wrong with it.
func TestReadyTellsStrangersNothing(t *testing.T) {
	s := newSite(t, config.Config{Debug: true}, endangered{sitetest.Broken{Err: errors.New("dial 192.0.2.1")}})
	s.health.Start()
	t.Cleanup(s.health.Stop)
	for s.health.Warnings() == nil {
		time.Sleep(time.Millisecond)
	}
	for range 3 {
		if w := s.do(http.MethodGet, "/readyz"); strings.TrimSpace(w.Body.String()) != `{"status":"unavailable"}` {
			t.Errorf("/readyz: %s", w.Body)
		}
	}
	if lines := s.logs.FilterMessageSnippet("the store does not answer").Len(); lines != 1 {
		t.Errorf("%d lines say that the store does not answer; want 1", lines)
	}
	if w := s.do(http.MethodGet, "/healthz"); strings.TrimSpace(w.Body.String()) != `{"status":"ok"}` {
		t.Errorf("/healthz: %s", w.Body)
	}
}

// away is a store that keeps additions and can't be asked.
type away struct {
	sitetest.Broken
	atLeast int64
	known   bool
}

func (a away) Add(context.Context, string, int64) (int64, error) {
	return 0, &counter.PendingError{AtLeast: a.atLeast + 1, Known: a.known, Err: a.Err}
}

func (a away) AtLeast(string) (int64, bool) { return a.atLeast, a.known }

func TestPending(t *testing.T) {
	s := newSite(t, config.Config{}, away{sitetest.Broken{Err: errors.New("away")}, 41, true})
	w := s.do(http.MethodGet, "/")
	wantHeaders(t, w, map[string]string{"View-Status": "pending", "Cache-Control": "no-store"})
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "This page was viewed at least 42 times.") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	head := s.do(http.MethodHead, "/")
	wantHeaders(t, head, map[string]string{
		"View-Status": "skipped;reason=head", "Content-Length": w.Header().Get("Content-Length"),
	})
	if head.Code != http.StatusOK {
		t.Errorf("HEAD: %d", head.Code)
	}
}

func TestPendingWithoutANumber(t *testing.T) {
	s := newSite(t, config.Config{}, away{Broken: sitetest.Broken{Err: errors.New("away")}})
	for method, viewStatus := range map[string]string{http.MethodGet: "pending", http.MethodHead: "skipped;reason=head"} {
		w := s.do(method, "/")
		wantHeaders(t, w, map[string]string{"View-Status": viewStatus})
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "times") {
			t.Errorf("%s: %d %v %s", method, w.Code, w.Header(), w.Body)
		}
	}
}

// A HEAD can't answer with the number a GET could not count.
func TestHeadAtTheLargestNumber(t *testing.T) {
	s := newSite(t, config.Config{}, countermemory.New())
	sitetest.Set(t, s.store, "counter_key", math.MaxInt64)
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		if w := s.do(method, "/"); w.Code != http.StatusInternalServerError {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

// panicking is a store with a fault of its own.
type panicking struct{ counter.Store }

func (panicking) Add(context.Context, string, int64) (int64, error) { panic("out of order") }

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	s := newSite(t, config.Config{}, panicking{})
	w := s.do(http.MethodGet, "/")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "out of order") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	lines := s.logs.FilterMessage("the request failed").All()
	if len(lines) != 1 || !strings.Contains(fmt.Sprint(lines[0].ContextMap()["stack"]), "panicking") {
		t.Errorf("%v does not say where it panicked", lines)
	}
	if s.logs.FilterMessage("request").Len() != 1 {
		t.Error("no access line")
	}
}

func wantHeaders(t *testing.T, w *httptest.ResponseRecorder, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q; want %q", name, got, value)
		}
	}
}

// The page links to its stats where everybody may look at them.
func TestHomeLinksToItsStats(t *testing.T) {
	for _, test := range []struct {
		cfg  config.Config
		want bool
	}{
		{config.Config{History: true}, true},
		{config.Config{}, false},
		{config.Config{History: true, Stats: config.StatsOwner}, false},
		{config.Config{History: true, Stats: config.StatsOff}, false},
	} {
		w := newSite(t, test.cfg, countermemory.New()).do(http.MethodGet, "/")
		if got := strings.Contains(w.Body.String(), `href="/stats"`); got != test.want {
			t.Errorf("%+v: %s", test.cfg, w.Body)
		}
	}
}
