package public_test

import (
	"html"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
	"example.com/herokuapp/templates"
)

// wantPage fails unless the answer is a page with the status that has the parts.
func wantPage(t *testing.T, target string, site http.Handler, status int, parts ...string) string {
	t.Helper()
	w := sitetest.Ask(site, http.MethodGet, target)
	wantHeader(t, w, "Content-Type", "text/html; charset=utf-8", "Cache-Control", "no-store", "X-Frame-Options", "DENY", "View-Status", "")
	if w.Code != status {
		t.Errorf("%s: %d; want %d", target, w.Code, status)
	}
	text := html.UnescapeString(w.Body.String())
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q: %s", target, part, text)
		}
	}
	return text
}

// newWeeks is a site in a bubble's time, at Thursday 2026-11-26 12:30 UTC.
func newWeeks(t *testing.T, cfg config.Config) http.Handler {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 11, 26, 12, 30, 0, 0, time.UTC)))
	kept := sitetest.Past(t, map[string][]counter.Bucket{
		"views:example.com/a": {
			sitetest.Bucket(t, "2025-11-01T00", 24, 5000),
			sitetest.Bucket(t, "2026-11-16T00", 1, 10), sitetest.Bucket(t, "2026-11-19T12", 1, 40), sitetest.Bucket(t, "2026-11-19T13", 1, 100), // last week
			sitetest.Bucket(t, "2026-11-23T05", 1, 20), sitetest.Bucket(t, "2026-11-25T23", 1, 30), sitetest.Bucket(t, "2026-11-26T12", 1, 7),
		},
		"counter_key": {sitetest.Bucket(t, "2026-11-26T12", 1, 8)},
	})
	sitetest.Fill(t, kept, map[string]int64{"views:example.com/a": 12_345, "views:example.com/old": 99, "counter_key": 8})
	return newSiteWith(t, cfg, kept, zap.NewNop())
}

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWeeks(t, newConfig())
		card := func(title string, views int, remark string) string {
			if remark != "" {
				remark = ` <span class="soft">` + remark + `</span>`
			}
			return "<dt>" + title + "</dt><dd><strong>" + strconv.Itoa(views) + "</strong>" + remark + "</dd>"
		}
		text := wantPage(t, "/stats/example.com/a", site, http.StatusOK,
			"<h1><bdi>example.com/a</bdi></h1>", "<strong data-total>12,345</strong>", "since 1 November 2025.",
			card("Today", 7, "so far"), card("Yesterday", 30, ""), card("This week", 57, "so far, 14% more than last week at this hour"), card("Last week", 150, ""),
			"The last 48 hours", "The last 12 months", `<th scope="row">26 November 2026, 12:00</th><td class="number">7 so far</td>`,
			`<th scope="row">26 November 2026</th><td class="number">7 so far</td>`, `<th scope="row">27 November 2025</th><td class="number">0</td>`,
			"chart-partial", `data-events="/events/example.com/a"`, `href="/api/v1/history/example.com/a"`)
		if rows := strings.Count(text, `<th scope="row">`); rows != 48+1+365+1 {
			t.Errorf("%d rows", rows)
		}
		wantPage(t, "/stats/example.com/a?from=&to=&step=&tz=Europe%2FBerlin", site, http.StatusOK,
			card("Today", 37, "so far"), card("Yesterday", 0, ""), "26 November 2026, 13:00", "the time zone Europe/Berlin", `value="Europe/Berlin"`)
		text = wantPage(t, "/stats/example.com/a?from=2026-11-01&to=2026-11-26&step=week", site, http.StatusOK,
			"By week, week from 26 October 2026 to week from 23 November 2026", `<th scope="row">week from 23 November 2026</th><td class="number">57 so far</td>`,
			"<option selected>week</option>", `href="/api/v1/history/example.com/a?from=2026-11-01&step=week&to=2026-11-26"`)
		if strings.Contains(text, "48 hours") {
			t.Error("there are other charts, too")
		}
		wantPage(t, "/stats/example.com/a?from=2025-11-01&to=2025-11-01&tz=Asia/Kolkata", site, http.StatusOK, "Days until 2025-11-01 are days of UTC", "Hours are those of UTC.")
		wantPage(t, "/stats/example.com/old", site, http.StatusOK, "<strong data-total>99</strong>", "from the next view on")
		wantPage(t, "/stats/example.com/never", site, http.StatusOK, "<strong data-total>0</strong>", card("This week", 0, "so far"))
		wantPage(t, "/stats", site, http.StatusOK, "<h1>Home page</h1>", card("Today", 8, "so far"), `data-events="/events"`, `href="/api/v1/history"`)
	})
}

func TestStatsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWeeks(t, newConfig())
		for query, want := range map[string]string{
			"tz=../../etc/passwd":                      `The option tz is "../../etc/passwd": write`,
			"from=2026-11-27&to=2026-11-26":            "The option from is later than to.",
			"step=hour&from=2026-01-01":                "It has 7909 steps, and this page shows at most 1000: ask for less, or in longer steps.",
			"from=0000-01-01":                          "The year 0 is not from 1970 to 9999.",
			"step=<script>":                            `The option step is "<script>": use`,
			"days=3":                                   `The query option "days" does not exist here`,
			"tz=Europe/Berlin&tz=UTC":                  "The query option tz is given twice.",
			"from=%zz":                                 "The query can't be read",
			"from=2026-11-26&to=2026-11-26&tz=Nowhere": `The option tz is "Nowhere"`,
		} {
			// The page is there, and its form.
			text := wantPage(t, "/stats/example.com/a?"+query, site, http.StatusBadRequest, want, "12,345", `<form method="get">`)
			if strings.Count(text, "<svg") > 0 {
				t.Errorf("%s: there is a chart", query)
			}
		}
		wantPage(t, "/stats/a%20b", site, http.StatusBadRequest, "<h1>Bad Request</h1>", `"a b" is not the address of a page`)
		if w := sitetest.Ask(site, http.MethodPost, "/stats"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("POST: %d %v", w.Code, w.Header())
		}
	})
}

// STATS and HISTORY say who may look at stats pages, charts and today's views.
func TestWhoMayLookAtStats(t *testing.T) {
	for name, test := range map[string]struct {
		stats           config.Stats
		history         bool
		stranger, owner int
	}{
		"public":      {config.StatsPublic, true, http.StatusOK, http.StatusOK},
		"owner":       {config.StatsOwner, true, http.StatusForbidden, http.StatusOK},
		"off":         {config.StatsOff, true, http.StatusNotFound, http.StatusNotFound},
		"HISTORY=off": {config.StatsPublic, false, http.StatusNotFound, http.StatusNotFound},
	} {
		cfg := newConfig()
		cfg.Stats, cfg.History = test.stats, test.history
		site := newSite(t, cfg, newPast(t))
		for _, headers := range [][]string{nil, {"Authorization", sitetest.Token}} {
			want := test.stranger
			if headers != nil {
				want = test.owner
			}
			for _, target := range []string{"/stats", "/stats/example.com/a"} {
				if w := sitetest.Ask(site, http.MethodGet, target, headers...); w.Code != want {
					t.Errorf("%s, %s with %q: %d; want %d", name, target, headers, w.Code, want)
				}
			}
			chart := sitetest.Ask(site, http.MethodGet, "/chart/example.com/a.svg", headers...)
			if shows := strings.Contains(chart.Body.String(), "chart-bar\""); chart.Code != http.StatusOK || shows != (want == http.StatusOK) {
				t.Errorf("%s, the chart with %q: %d, shows %t", name, headers, chart.Code, shows)
			}
			badge := sitetest.Ask(site, http.MethodGet, "/badge/example.com/a.svg?read&show=today", headers...)
			if shows := !strings.Contains(badge.Body.String(), "unavailable"); badge.Code != http.StatusOK || shows != (want == http.StatusOK) {
				t.Errorf("%s, the badge with %q: %d, shows %t", name, headers, badge.Code, shows)
			}
		}
	}
}

// The owner whom the gate lets in may look, and nobody else.
func TestOwnerRoutes(t *testing.T) {
	cfg := newConfig()
	cfg.Stats = config.StatsOwner
	guard := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Cookie") == "" {
				w.WriteHeader(http.StatusSeeOther)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	parts := sitetest.New(t, cfg, newPast(t), zap.NewNop())
	site := parts.Handler(parts.Surfaces().OwnerRoutes(guard)...)
	for target, want := range map[string]string{"/admin/stats": "Home page", "/admin/stats/example.com/a?step=week": "<bdi>example.com/a</bdi>"} {
		if w := sitetest.Ask(site, http.MethodGet, target); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d", target, w.Code)
		}
		w := sitetest.Ask(site, http.MethodGet, target, "Cookie", "a session")
		wantHeader(t, w, "Content-Security-Policy", templates.StatsPolicy())
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

// A view that is counted is in the history, the chart, the badge and the page at once.
func TestViewsAreInHistoryAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := coalesce.New(countermemory.New(), coalesce.Options{Wait: time.Minute, History: true})
		t.Cleanup(func() {
			if err := kept.Close(); err != nil {
				t.Error(err)
			}
		})
		site := newSite(t, newConfig(), kept)
		for n := 1; n <= 3; n++ {
			w := sitetest.Ask(site, http.MethodGet, "/badge/example.com/a.svg?show=today-total&tz=Asia/Kolkata")
			wantHeader(t, w, "View-Status", "counted")
			today := strconv.Itoa(n)
			if want := "views today / total: " + today + " / " + today; !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s; want %s", w.Body, want)
			}
			wantPage(t, "/stats/example.com/a", site, http.StatusOK, "<strong data-total>"+today+"</strong>", `<td class="number">`+today+" so far</td>")
			if w := sitetest.Ask(site, http.MethodGet, "/chart/example.com/a.svg"); !strings.Contains(w.Body.String(), "example.com/a: "+today+" view") {
				t.Errorf("%s; want %s", w.Body, today)
			}
			if w := sitetest.Ask(site, http.MethodGet, "/api/v1/history/example.com/a?step=hour"); !strings.Contains(w.Body.String(), `"views":`+today+"}") {
				t.Errorf("%s; want %s", w.Body, today)
			}
		}
		wantValues(t, kept, map[string]int64{"views:example.com/a": 3})
	})
}
