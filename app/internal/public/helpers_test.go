package public_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/live"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/public"
	"example.com/herokuapp/app/internal/store"
	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
	"example.com/herokuapp/templates/badge"
)

// token is what the owner's requests have in the header Authorization.
const token = "the owner's token"

// browser is the User-Agent of a person.
const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// config of a server that limits nothing much.
func newConfig() config.Config {
	return config.Config{PageWait: time.Minute, History: true, SkipBots: true, MaxCounters: 1000, MaxListeners: 1000}
}

// newSite returns all that the program serves without an owner's site.
func newSite(t *testing.T, cfg config.Config, kept counter.Store) http.Handler {
	t.Helper()
	return newSiteWith(t, cfg, kept, zaptest.NewLogger(t))
}

func newSiteWith(tb testing.TB, cfg config.Config, kept counter.Store, log *zap.Logger) http.Handler {
	tb.Helper()
	pages, err := templates.New()
	if err != nil {
		tb.Fatal(err)
	}
	isOwner := func(r *http.Request) bool { return r.Header.Get("Authorization") == token }
	surfaces := newSurfaces(tb, cfg, kept, isOwner, log)
	return web.NewHandler(cfg, kept, store.NewHealth(kept, log), pages, log, surfaces.Routes()...)
}

// newSurfaces returns the public addresses of the counters in kept.
func newSurfaces(tb testing.TB, cfg config.Config, kept counter.Store, isOwner func(*http.Request) bool, log *zap.Logger) *public.Surfaces {
	tb.Helper()
	drawer, err := badge.NewDrawer()
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := templates.New()
	if err != nil {
		tb.Fatal(err)
	}
	hub := live.NewHub(kept.Get, cfg.MaxListeners)
	tb.Cleanup(hub.Close)
	return public.New(cfg, pageviews.New(cfg, kept, log), hub, counters.New(kept, 1000, log), isOwner, drawer, pages)
}

// ask asks for the target as it is written, with headers given as name, value and so on.
func ask(site http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, target, nil)
	r.Header.Set("User-Agent", browser)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

// wantAnswer fails unless the answer is 200 with the body.
func wantAnswer(t *testing.T, w *httptest.ResponseRecorder, body string) {
	t.Helper()
	if w.Code != http.StatusOK || w.Body.String() != body {
		t.Errorf("%d %s; want 200 %s", w.Code, w.Body, body)
	}
}

func wantHeader(t *testing.T, w *httptest.ResponseRecorder, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := w.Header().Get(pairs[i]); got != pairs[i+1] {
			t.Errorf("%s is %q; want %q", pairs[i], got, pairs[i+1])
		}
	}
}

// wantProblem fails unless the answer is a problem with the status that holds the text.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int) (detail string) {
	t.Helper()
	var problem struct {
		Status int
		Detail string
	}
	err := json.Unmarshal(w.Body.Bytes(), &problem)
	if err != nil || w.Code != status || problem.Status != status || problem.Detail == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v %s; want the problem of %d", w.Code, w.Header(), w.Body, status)
	}
	return problem.Detail
}

// value returns the value of a counter.
func value(t *testing.T, kept counter.Store, name string) int64 {
	t.Helper()
	value, err := kept.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// wantValues fails unless the counters have these values.
func wantValues(t *testing.T, kept counter.Store, want map[string]int64) {
	t.Helper()
	for name, want := range want {
		if got := value(t, kept, name); got != want {
			t.Errorf("%s is %d; want %d", name, got, want)
		}
	}
}
