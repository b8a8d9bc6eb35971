//go:build !race

package web

import (
	"io"
	"math"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/logging"
	"example.com/herokuapp/app/internal/store"
	"example.com/herokuapp/counter-core/counterhttp"
	countermemory "example.com/herokuapp/counter-memory"
	"example.com/herokuapp/templates"
)

// A view makes little garbage, whatever net/http needs for it included. The race detector
// makes some of its own.
func TestViewAllocations(t *testing.T) {
	t.Run("not measured", func(t *testing.T) { testViewAllocations(t, nil) })
	t.Run("measured", func(t *testing.T) {
		observer := new(lastAnswer)
		testViewAllocations(t, func(Route) Observer { return observer })
		if observer.status != 200 || observer.view != counterhttp.Counted || observer.took <= 0 {
			t.Errorf("observed: %+v", observer)
		}
	})
}

// lastAnswer remembers the last answer.
type lastAnswer struct {
	status int
	view   counterhttp.Status
	took   time.Duration
}

func (l *lastAnswer) Observe(status int, view counterhttp.Status, took time.Duration) {
	*l = lastAnswer{status, view, took}
}

func testViewAllocations(t *testing.T, meter Meter) {
	t.Helper()
	const most, views = 25, 1000
	log := logging.New(io.Discard, false)
	defer func() { _ = log.Close(t.Context()) }()
	pages, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	counters := countermemory.New()
	cfg := config.Config{PageWait: time.Minute, SkipBots: true}
	server := httptest.NewServer(NewHandler(meter, cfg, counters, store.NewHealth(counters, log.Logger), pages, log.Logger))
	defer server.Close()
	visitor := newVisitor(t, server)
	// What else the process does may allocate, too, but not each time.
	least := math.Inf(1)
	for tries := 0; tries < 10 && least > most; tries++ {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range views {
			if err := visitor.open(); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		least = min(least, float64(after.Mallocs-before.Mallocs)/views)
	}
	if least > most {
		t.Errorf("%.1f allocations a view; want %d at most", least, most)
	}
}
