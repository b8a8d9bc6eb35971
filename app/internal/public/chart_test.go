package public_test

import (
	"html"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"example.com/herokuapp/app/internal/sitetest"
	"example.com/herokuapp/templates/chart"
)

func TestChart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWeeks(t, newConfig())
		for target, want := range map[string][]string{
			"/chart/example.com/a.svg":                         {"example.com/a: 207 views in 30 days", `">26 November 2026: 7 so far</text>`, "<title>19 November 2026: 140</title>"},
			"/chart/example.com/a.svg?days=1":                  {"example.com/a: 7 views in 1 day", "<title>26 November 2026: 7 so far</title>"},
			"/chart/example.com/a.svg?days=2&tz=Europe/Berlin": {"example.com/a: 37 views in 2 days"},
			"/chart/example.com/a.svg?days=366":                {"207 views in 366 days"},
			"/chart.svg?days=7":                                {"This page: 8 views in 7 days"},
			"/chart/example.com/never.svg":                     {"example.com/never: 0 views in 30 days", "Nothing was counted."},
			"/chart/example.com/a.svg?days=0":                  {`The option days is "0": use a whole number from 1 to 366.`},
			"/chart/example.com/a.svg?days=-1":                 {`The option days is "-1": use`},
			"/chart/example.com/a.svg?days=1e9":                {`The option days is "1e9": use`},
			"/chart/example.com/a.svg?days=367":                {`The option days is "367": use`},
			"/chart/example.com/a.svg?theme=neon":              {`The option theme is "neon": use light, dark or auto.`},
			"/chart/example.com/a.svg?tz=../../etc/passwd":     {`The option tz is "../../etc/passwd": write`},
			"/chart/example.com/a.svg?from=1":                  {`The query option "from" does not exist here: use days, theme, tz.`},
			"/chart/a%20b.svg":                                 {`"a b" is not the address of a page`},
		} {
			w := sitetest.Ask(site, http.MethodGet, target)
			wantHeader(t, w, "Content-Type", "image/svg+xml; charset=utf-8", "View-Status", "", "Cache-Control", "max-age=0, no-cache, no-store, must-revalidate",
				"Access-Control-Allow-Origin", "*", "Cross-Origin-Resource-Policy", "cross-origin")
			text := html.UnescapeString(w.Body.String())
			for _, part := range want {
				if w.Code != http.StatusOK || !strings.Contains(text, part) || !shown(w) {
					t.Errorf("%s: %d %s; want %s", target, w.Code, text, part)
				}
			}
		}
	})
}

// Each theme has its colours, and a policy under which the image shows them.
func TestChartThemes(t *testing.T) {
	site := newSite(t, newConfig(), newPast(t))
	for query, theme := range map[string]chart.Theme{"": chart.Auto, "?theme=auto": chart.Auto, "?theme=light": chart.Light, "?theme=dark": chart.Dark} {
		w := sitetest.Ask(site, http.MethodGet, "/chart/example.com/a.svg"+query)
		wantHeader(t, w, "Content-Security-Policy", theme.Policy()+"; sandbox")
		dark, media := strings.Contains(w.Body.String(), "#0d1117"), strings.Contains(w.Body.String(), "prefers-color-scheme")
		if dark != (theme != chart.Light) || media != (theme == chart.Auto) {
			t.Errorf("%s: %s", query, w.Body)
		}
	}
}

func TestBadgeOfToday(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newWeeks(t, newConfig())
		for query, want := range map[string]string{
			"show=total":                  "views: 12345",
			"show=today":                  "views today: 7",
			"show=today&tz=Europe/Berlin": "views today: 37",
			"show=today-total":            "views today / total: 7 / 12345",
			"show=today-total&format=short&label=hits": "hits: 7 / 12k",
		} {
			w := sitetest.Ask(site, http.MethodGet, "/badge/example.com/a.svg?read&"+query)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<title>"+want+"</title>") {
				t.Errorf("%s: %d %s; want %s", query, w.Code, w.Body, want)
			}
		}
		for query, want := range map[string]string{
			"show=yesterday":                 `show: "yesterday" is not one of total, today, today-total`,
			"show=":                          `show: "" is not one of`,
			"show=today&show=total":          `the option "show" is given twice`,
			"show=today&tz=UTC&tz=UTC":       "the option tz is given twice",
			"show=today&tz=../../etc/passwd": `the option tz is "../../etc/passwd": write the name of a time zone`,
			"tz=Europe/Berlin":               "the option tz says when today begins: use it with show=today or show=today-total",
		} {
			w := sitetest.Ask(site, http.MethodGet, "/badge/example.com/a.svg?read&"+query)
			if w.Code != http.StatusBadRequest || !strings.Contains(html.UnescapeString(w.Body.String()), want) {
				t.Errorf("%s: %d %s; want %s", query, w.Code, w.Body, want)
			}
		}
		if w := sitetest.Ask(site, http.MethodGet, "/badge.svg?show=today"); !strings.Contains(w.Body.String(), "<title>views today: 8</title>") {
			t.Errorf("%s", w.Body)
		}
	})
}
