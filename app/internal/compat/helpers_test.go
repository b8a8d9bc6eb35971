package compat_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/compat"
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

const (
	browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	camo    = "github-camo (876de43e)"
)

// newConfig is of a server that limits nothing much.
func newConfig(services ...string) config.Config {
	if len(services) == 0 {
		services = config.Services()
	}
	return config.Config{PageWait: time.Minute, SkipBots: true, MaxCounters: 1000, MaxListeners: 1000, Stats: config.StatsPublic, Compat: services}
}

// newSite returns all that the program serves without an owner's site.
func newSite(t *testing.T, cfg config.Config, kept counter.Store) http.Handler {
	t.Helper()
	return newSiteWith(t, cfg, kept, zaptest.NewLogger(t))
}

func newSiteWith(tb testing.TB, cfg config.Config, kept counter.Store, log *zap.Logger) http.Handler {
	tb.Helper()
	drawer, err := badge.NewDrawer()
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := templates.New()
	if err != nil {
		tb.Fatal(err)
	}
	isOwner := func(r *http.Request) bool { return r.Header.Get("Authorization") == token }
	hub := live.NewHub(kept.Get, cfg.MaxListeners)
	tb.Cleanup(hub.Close)
	all, counted := counters.New(kept, 1000, log), pageviews.New(cfg, kept, log)
	routes := public.New(cfg, counted, hub, all, isOwner, drawer, pages).Routes()
	routes = append(routes, compat.New(cfg, counted, hub, all, isOwner, drawer).Routes()...)
	return web.NewHandler(cfg, kept, store.NewHealth(kept, log), pages, log, routes...)
}

// ask asks for the target as it is written, with headers given as name, value and so on.
func ask(site http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	return send(site, method, target, "", headers...)
}

// send is ask with a body.
func send(site http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	r.Header.Set("User-Agent", browser)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

var title = regexp.MustCompile(`<title>(.*?)</title>`)

// said returns what an answer says: the title of an image, else the body.
func said(w *httptest.ResponseRecorder) string {
	if match := title.FindStringSubmatch(w.Body.String()); match != nil {
		return match[1]
	}
	return w.Body.String()
}

// names returns the counters in the store with their values.
func names(tb testing.TB, kept counter.Store) map[string]int64 {
	tb.Helper()
	found := map[string]int64{}
	for entry, err := range kept.List(tb.Context(), "") {
		if err != nil {
			tb.Fatal(err)
		}
		found[entry.Name] = entry.Value
	}
	return found
}
