package public_test

import (
	"io"
	"net/http"
	"testing"

	"example.com/herokuapp/app/internal/logging"
	"example.com/herokuapp/app/internal/sitetest"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
)

// BenchmarkSurfaces counts a view of a page and of its site by each surface, without a network.
func BenchmarkSurfaces(b *testing.B) {
	logger := logging.New(io.Discard, false)
	defer func() { _ = logger.Close(b.Context()) }()
	store := coalesce.New(countermemory.New(), coalesce.Options{})
	defer store.Close()
	site := newSiteWith(b, newConfig(), store, logger.Logger)
	for _, surface := range []struct{ name, method, target string }{
		{"home", http.MethodGet, "/"},
		{"api", http.MethodPost, "/api/v1/views/example.com/blog/a-post"},
		{"badge", http.MethodGet, "/badge/example.com/blog/a-post.svg"},
		{"pixel", http.MethodGet, "/pixel/example.com/blog/a-post.gif"},
	} {
		b.Run(surface.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w := sitetest.Ask(site, surface.method, surface.target); w.Code != http.StatusOK {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
	b.Run("nothing", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sitetest.Ask(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }), http.MethodGet, "/")
		}
	})
}
