package compat_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// withPast returns a store with a page that was viewed twice today, 5 times yesterday and 100
// times before that is known.
func withPast(t *testing.T, name string) counter.Store {
	t.Helper()
	kept := countermemory.New()
	sitetest.Set(t, kept, name, 107)
	today := counter.HourOf(time.Now()).Day()
	err := kept.SetHistory(t.Context(), name, []counter.Bucket{{Start: today, Hours: 1, Count: 2}, {Start: today - 24, Hours: 1, Count: 1}, {Start: today - 23, Hours: 1, Count: 4}})
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// Numbers of days are those that were counted on them, and days of which nothing is known are
// left out.
func TestDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC()
		day := now.Format(time.DateOnly)
		before := now.AddDate(0, 0, -1).Format(time.DateOnly)
		for _, test := range []struct{ target, counter, want string }{
			{"/api/count/keep/badge.svg?url=a.example/x", "views:a.example/x", "hits: 2 / 107"},
			{"/a.example/x.preview.svg?view=today-total&extraCount=10", "views:a.example/x", "hits: 2 / 117"},
			{"/api/history?url=a.example/x", "views:a.example/x", fmt.Sprintf(`{"today_hits":2,"total_hits":107,"history":[{"hit_count":5,"hit_date":%q,"is_today":false},{"hit_count":2,"hit_date":%q,"is_today":true}]}`, before, day)},
			{"/api/status?path=octo/repo", "views:visitorbadge/octo/repo", fmt.Sprintf(`{"total":107,"today":2,"dailyResults":[{"title":%q,"total":5},{"title":%q,"total":2}]}`, before, day)},
			{"/v1/ns/name/list?group_by=day", "views:counterapi/ns/name", fmt.Sprintf(`[{"count":5,"date":"%sT00:00:00Z"},{"count":2,"date":"%sT00:00:00Z"}]`, before, day)},
		} {
			if w := sitetest.Ask(newSite(t, newConfig(), withPast(t, test.counter)), "GET", test.target); w.Code != 200 || said(w) != test.want {
				t.Errorf("%s: %d %s; want %s", test.target, w.Code, said(w), test.want)
			}
		}
		site := newSite(t, newConfig(), withPast(t, "views:counterapi/ns/name"))
		for _, step := range []string{"hour", "week", "month", "year"} {
			w := sitetest.Ask(site, "GET", "/v1/ns/name/list?group_by="+step)
			sum := 0
			for part := range strings.SplitSeq(w.Body.String(), `"count":`) {
				n := 0
				_, _ = fmt.Sscanf(part, "%d,", &n)
				sum += n
			}
			if w.Code != 200 || sum != 7 {
				t.Errorf("by %s: %d %s; want 7 views", step, w.Code, w.Body)
			}
		}
		graph := sitetest.Ask(newSite(t, newConfig(), withPast(t, "views:a.example/x")), "GET", "/api/count/graph/dailyhits.svg?url=a.example/x")
		if body := graph.Body.String(); graph.Code != 200 || !strings.Contains(body, `width="650" height="300"`) || strings.Count(body, "chart-bar") < 2 || !strings.Contains(body, "2 so far") {
			t.Errorf("%d %s", graph.Code, body)
		}
	})
}

// A number that is not known, or not for everybody, is left out.
func TestDaysThatAreHidden(t *testing.T) {
	for _, stats := range []config.Stats{config.StatsOff, config.StatsOwner} {
		cfg := newConfig()
		cfg.Stats = stats
		site := newSite(t, cfg, withPast(t, "views:a.example/x"))
		for target, want := range map[string]string{
			"/api/count/keep/badge.svg?url=a.example/x":      "hits: 107",
			"/a.example/x.preview.svg?view=today-total":      "hits: 107",
			"/api/history?url=a.example/x":                   `{"total_hits":107}`,
			"/api/status?path=octo/repo":                     `{"total":0,"dailyResults":[]}`,
			"/v1/ns/none/list":                               `[]`,
			"/api/count/graph/dailyhits.svg?url=a.example/x": "Views of a.example/x",
		} {
			if w := sitetest.Ask(site, "GET", target); w.Code != 200 || said(w) != want || strings.Contains(w.Body.String(), "so far") {
				t.Errorf("%q: %s: %d %s; want %s", stats, target, w.Code, w.Body, want)
			}
		}
	}
	cfg := newConfig()
	cfg.Stats = config.StatsOwner
	w := sitetest.Ask(newSite(t, cfg, withPast(t, "views:a.example/x")), "GET", "/api/count/keep/badge.svg?url=a.example/x", "Authorization", sitetest.Token)
	if said(w) != "hits: 2 / 107" {
		t.Errorf("the owner sees %s", said(w))
	}
}
