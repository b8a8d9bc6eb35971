package compat_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
)

// camo is the User-Agent of GitHub's image proxy.
const camo = "github-camo (876de43e)"

// newConfig is of a server that limits nothing much.
func newConfig(services ...string) config.Config {
	if len(services) == 0 {
		services = config.Services()
	}
	return config.Config{PageWait: time.Minute, ImportLimit: 1000, SkipBots: true, MaxCounters: 1000, MaxListeners: 1000, Stats: config.StatsPublic, Compat: services}
}

// newSite returns all that the program serves without an owner's site.
func newSite(t *testing.T, cfg config.Config, kept counter.Store) http.Handler {
	t.Helper()
	return newSiteWith(t, cfg, kept, zaptest.NewLogger(t))
}

func newSiteWith(tb testing.TB, cfg config.Config, kept counter.Store, log *zap.Logger) http.Handler {
	tb.Helper()
	parts := sitetest.New(tb, cfg, kept, log)
	return parts.Handler(append(parts.Surfaces().Routes(), parts.Services().Routes()...)...)
}

var title = regexp.MustCompile(`<title>(.*?)</title>`)

// said returns what an answer says: the title of an image, else the body.
func said(w *httptest.ResponseRecorder) string {
	if match := title.FindStringSubmatch(w.Body.String()); match != nil {
		return match[1]
	}
	return w.Body.String()
}
