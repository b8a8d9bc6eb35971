package public_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
)

// remembering remembers the counters of each call with batches.
type remembering struct {
	counter.Backend
	mu    sync.Mutex
	calls [][]string
}

func (r *remembering) Unwrap() counter.Store { return r.Backend }

func (r *remembering) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	var names []string
	for _, batch := range batches {
		names = append(names, batch.Name)
	}
	r.mu.Lock()
	r.calls = append(r.calls, names)
	r.mu.Unlock()
	return r.Backend.Apply(ctx, batches)
}

// A view is an addition to two counters and one call to the store, under an alias, too.
func TestAViewIsOneCall(t *testing.T) {
	backend := &remembering{Backend: countermemory.New()}
	kept := coalesce.New(backend, coalesce.Options{Wait: time.Minute})
	defer kept.Close()
	parts := sitetest.New(t, newConfig(), kept, zaptest.NewLogger(t))
	rename := counters.Rename{From: "views:example.com/old", To: "views:example.com/new", Alias: true}
	if _, err := parts.Counters.Rename(t.Context(), rename, nil); err != nil {
		t.Fatal(err)
	}
	backend.calls = nil
	site := parts.Handler(parts.Surfaces().Routes()...)
	for i, one := range []struct{ method, target string }{
		{http.MethodPost, "/api/v1/views/example.com/old"},
		{http.MethodGet, "/badge/example.com/new.svg"},
		{http.MethodGet, "/pixel/example.com/new.gif"},
	} {
		if w := sitetest.Ask(site, one.method, one.target); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", one.target, w.Code, w.Body)
		}
		if got := backend.calls; len(got) != i+1 || !slices.Equal(got[i], []string{"views:example.com/new", "site:example.com"}) {
			t.Errorf("%s: calls of %q; want one more, with the page and the site", one.target, got)
		}
	}
}
