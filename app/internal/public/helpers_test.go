package public_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// newConfig returns the configuration of a server with generous limits.
func newConfig() config.Config {
	return config.Config{PageWait: time.Minute, ImportLimit: 1000, History: true, SkipBots: true, MaxCounters: 1000, MaxListeners: 1000}
}

// newSite returns all that the program serves without an owner's site.
func newSite(t *testing.T, cfg config.Config, kept counter.Store) http.Handler {
	t.Helper()
	return newSiteWith(t, cfg, kept, zaptest.NewLogger(t))
}

// newMemorySite returns a site that limits nothing much, and its store, which is empty.
func newMemorySite(t *testing.T) (http.Handler, *countermemory.Store) {
	t.Helper()
	kept := countermemory.New()
	return newSite(t, newConfig(), kept), kept
}

func newSiteWith(tb testing.TB, cfg config.Config, kept counter.Store, log *zap.Logger) http.Handler {
	tb.Helper()
	parts := sitetest.New(tb, cfg, kept, log)
	return parts.Handler(parts.Surfaces().Routes()...)
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
