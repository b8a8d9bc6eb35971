package admin_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/admin"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
	countermemory "example.com/herokuapp/counter-memory"
)

// newStarted returns a site whose counters work in the background, too.
func newStarted(t *testing.T, counted counter.Store, skipped map[counterhttp.Status]int64) *site {
	t.Helper()
	parts := sitetest.New(t, config.Config{ImportLimit: importLimit}, counted, zap.NewNop())
	parts.Counters.Start()
	t.Cleanup(parts.Counters.Stop)
	about := admin.About{Revision: "abc123", Started: time.Now(), Health: parts.Health, Skipped: func() map[counterhttp.Status]int64 { return skipped }}
	return &site{Handler: parts.Handler(admin.Routes(parts.Counters, about, open{}, parts.Pages, parts.Log)...), store: counted}
}

func TestDashboard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counted := countermemory.New()
		now := counter.HourOf(time.Now())
		hostile := `views:example.com/"><script>alert(1)</script>`
		for i, name := range []string{"views:example.com/a", "counter_key", hostile} {
			batch := counter.Batch{Name: name, Writer: "w", Delta: int64(1000 * (i + 1)), Sum: int64(1000 * (i + 1)), Hour: now}
			if result := counted.Apply(t.Context(), []counter.Batch{batch}); result[0].Err != nil {
				t.Fatal(result[0].Err)
			}
		}
		s := newStarted(t, counted, map[counterhttp.Status]int64{counterhttp.SkippedBot: 1234, counterhttp.SkippedSite: 5})
		page := s.get("/admin/")
		wantPage(t, page, http.StatusOK, "Views of all pages", "<dd>6,000</dd>", "example.com/a", "Home page", ">3,000<", "a bot", ">1,234<", "SITES", "Counts are kept in", "abc123",
			"Most viewed today", "Most viewed in 7 days", "Most viewed in 30 days", "New in the last 7 days", `class="spark"`, "ago.")
		wantHarmless(t, page.Body.String())
		if strings.Contains(page.Body.String(), "So far") {
			t.Error("not all pages were read")
		}
		if w := s.get("/admin/?list=sites&sort=value&evil=1"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/admin/counters?list=sites&sort=value" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	})
}

func TestDashboardWithoutHistory(t *testing.T) {
	s := newStarted(t, struct{ counter.Store }{countermemory.New()}, nil)
	wantPage(t, s.get("/admin/"), http.StatusOK, "No history is kept", "Every request since the start", "Counts are kept in")
}

func TestDashboardOfAStoreThatIsAway(t *testing.T) {
	s := newStarted(t, unlisted{countermemory.New()}, nil)
	wantPage(t, s.get("/admin/"), http.StatusOK, "The store does not answer, so there are no numbers", "/admin/counters")
}

// unlisted is a store that can't be listed.
type unlisted struct{ *countermemory.Store }

func (unlisted) List(context.Context, string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) { yield(counter.Entry{}, errors.New("the store is away")) }
}

func (unlisted) Get(context.Context, string) (int64, error) {
	return 0, errors.New("the store is away")
}
