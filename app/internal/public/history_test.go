package public_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// newPast has views of example.com/a in November 2026, and one of the home page.
func newPast(t *testing.T) counter.Store {
	t.Helper()
	return sitetest.Past(t, map[string][]counter.Bucket{
		"views:example.com/a": {
			sitetest.Bucket(t, "2026-09-01T00", 24, 1000), sitetest.Bucket(t, "2026-11-24T23", 1, 1), sitetest.Bucket(t, "2026-11-25T18", 1, 10), sitetest.Bucket(t, "2026-11-25T23", 1, 5),
		},
		"counter_key": {sitetest.Bucket(t, "2026-11-25T23", 1, 7)},
	})
}

func TestHistory(t *testing.T) {
	site := newSite(t, newConfig(), newPast(t))
	for target, want := range map[string]string{
		"/api/v1/history/example.com/a?from=2026-11-24&to=2026-11-26": `{"name":"example.com/a","step":"day","tz":"UTC","from":"2026-11-24","to":"2026-11-26","since":"2026-09-01",` +
			`"counts":[{"at":"2026-11-24","views":1},{"at":"2026-11-25","views":15},{"at":"2026-11-26","views":0}]}`,
		"/api/v1/history/https%3A%2F%2FEXAMPLE.com%2Fa%3Fx?step=day&tz=Europe/Berlin&from=2026-11-25&to=2026-11-26": `{"name":"example.com/a","step":"day","tz":"Europe/Berlin","from":"2026-11-25","to":"2026-11-26","since":"2026-09-01",` +
			`"counts":[{"at":"2026-11-25","views":11},{"at":"2026-11-26","views":5}]}`,
		"/api/v1/history/example.com/a?step=hour&tz=Europe/Berlin&from=2026-11-26T00:00:00%2B01:00&to=2026-11-26T00:00": `{"name":"example.com/a","step":"hour","tz":"Europe/Berlin","from":"2026-11-26T00:00:00+01:00","to":"2026-11-26T00:00:00+01:00","since":"2026-09-01",` +
			`"counts":[{"at":"2026-11-26T00:00:00+01:00","views":5}]}`,
		"/api/v1/history/example.com/a?step=week&from=2026-11-20&to=2026-11-26": `{"name":"example.com/a","step":"week","tz":"UTC","from":"2026-11-16","to":"2026-11-23","since":"2026-09-01",` +
			`"counts":[{"at":"2026-11-16","views":0},{"at":"2026-11-23","views":16}]}`,
		"/api/v1/history/example.com/a?step=month&from=2026-09&to=2026-11&tz=Asia/Kolkata": `{"name":"example.com/a","step":"month","tz":"Asia/Kolkata","from":"2026-09-01","to":"2026-11-01","since":"2026-09-01",` +
			`"counts":[{"at":"2026-09-01","views":1000},{"at":"2026-10-01","views":0},{"at":"2026-11-01","views":16}],"utcDaysUntil":"2026-09-01",` +
			`"notes":["Days until 2026-09-01 are days of UTC, because hours are kept for HISTORY_HOURS only.","Hours are those of UTC. Each counts for the day of Asia/Kolkata in which it begins."]}`,
		"/api/v1/history/example.com/a?step=hour&from=2026-09-01T05:00&to=2026-09-01T05:00": `{"name":"example.com/a","step":"hour","tz":"UTC","from":"2026-09-01T05:00:00Z","to":"2026-09-01T05:00:00Z","since":"2026-09-01",` +
			`"counts":[{"at":"2026-09-01T05:00:00Z","views":0}],"viewsWithoutHour":1000,"notes":["1000 more views are known by their day only, because hours are kept for HISTORY_HOURS only."]}`,
		"/api/v1/history/example.com/never?from=2026-11-24&to=2026-11-24": `{"name":"example.com/never","step":"day","tz":"UTC","from":"2026-11-24","to":"2026-11-24","since":null,"counts":[{"at":"2026-11-24","views":0}]}`,
		"/api/v1/history?from=2026-11-25&to=2026-11-25":                   `{"name":"","step":"day","tz":"UTC","from":"2026-11-25","to":"2026-11-25","since":"2026-11-25","counts":[{"at":"2026-11-25","views":7}]}`,
	} {
		w := sitetest.Ask(site, http.MethodGet, target)
		wantAnswer(t, w, want+"\n")
		wantHeader(t, w, "Content-Type", "application/json", "Access-Control-Allow-Origin", "*", "Cache-Control", "no-store", "View-Status", "")
		if w := sitetest.Ask(site, http.MethodHead, target); w.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", target, w.Code)
		}
	}
}

func TestHistoryAsCSV(t *testing.T) {
	site := newSite(t, newConfig(), newPast(t))
	const target = "/api/v1/history/example.com/a?from=2026-11-25&to=2026-11-26"
	const lines = "\"at\",\"views\"\n\"2026-11-25\",\"15\"\n\"2026-11-26\",\"0\"\n"
	for accept, csv := range map[string]bool{
		"text/csv": true, "text/csv; charset=utf-8, */*;q=0.1": true, "TEXT/CSV;q=0.9, application/json;q=0.8": true,
		"application/json": false, "*/*": false, "": false, "text/csv;q=0.5, application/json": false, "text/csv;q=0": false, "text/html,application/xhtml+xml,*/*;q=0.8": false, ";;,/": false,
	} {
		w := sitetest.Ask(site, http.MethodGet, target, "Accept", accept)
		if kind := w.Header().Get("Content-Type"); w.Code != http.StatusOK || (kind == "text/csv; charset=utf-8") != csv {
			t.Errorf("Accept: %s: %d %s", accept, w.Code, kind)
		}
		wantHeader(t, w, "Vary", "Accept")
	}
	w := sitetest.Ask(site, http.MethodGet, target+"&format=csv", "Accept", "application/json")
	wantAnswer(t, w, lines)
	wantHeader(t, w, "Content-Disposition", `attachment; filename="history.csv"`, "Cache-Control", "no-store")
	wantHeader(t, sitetest.Ask(site, http.MethodGet, target+"&format=json", "Accept", "text/csv"), "Content-Type", "application/json")
}

func TestHistoriesThatAreRefused(t *testing.T) {
	site := newSite(t, newConfig(), newPast(t))
	for target, want := range map[string]string{
		"/api/v1/history/example.com/a?tz=../../etc/passwd":                     `The option tz is "../../etc/passwd": write the name of a time zone such as Europe/Berlin.`,
		"/api/v1/history/example.com/a?from=2026-11-27&to=2026-11-26":           "The option from is later than to.",
		"/api/v1/history/example.com/a?from=0000-01-01":                         "The year 0 is not from 1970 to 9999.",
		"/api/v1/history/example.com/a?to=100000-01-01":                         `The option to is "100000-01-01": write a day`,
		"/api/v1/history/example.com/a?from=1977-01-01&to=2026-12-31&step=hour": "It has 438288 steps, and an answer at most 10000: ask for less, or in longer steps.",
		"/api/v1/history/example.com/a?step=minute":                             `The option step is "minute": use hour, day, week or month.`,
		"/api/v1/history/example.com/a?steps=day":                               `The query option "steps" does not exist here: use from, to, step, tz, format.`,
		"/api/v1/history/example.com/a?step=day&step=hour":                      "The query option step is given twice.",
		"/api/v1/history/example.com/a?format=xml":                              `The option format is "xml", neither json nor csv.`,
		"/api/v1/history/a%20b":                                                 `"a b" is not the address of a page`,
		"/api/v1/history?name=example.com/a":                                    `The query option "name" does not exist here`,
	} {
		w := sitetest.Ask(site, http.MethodGet, target)
		if detail := sitetest.WantProblem(t, w, http.StatusBadRequest); !strings.HasPrefix(detail, want) {
			t.Errorf("%s: %s; want %s", target, detail, want)
		}
		wantHeader(t, w, "Access-Control-Allow-Origin", "*")
	}
	w := sitetest.Ask(site, http.MethodPost, "/api/v1/history/example.com/a")
	sitetest.WantProblem(t, w, http.StatusMethodNotAllowed)
	wantHeader(t, w, "Allow", "GET, HEAD, OPTIONS")
	off := newConfig()
	off.History = false
	w = sitetest.Ask(newSite(t, off, newPast(t)), http.MethodGet, "/api/v1/history/example.com/a")
	if detail := sitetest.WantProblem(t, w, http.StatusNotFound); detail != "No history is kept here: see HISTORY." {
		t.Error(detail)
	}
	w = sitetest.Ask(newSite(t, newConfig(), struct{ counter.Store }{countermemory.New()}), http.MethodGet, "/api/v1/history/example.com/a")
	if detail := sitetest.WantProblem(t, w, http.StatusNotFound); detail != "No history is kept here: see HISTORY." {
		t.Error(detail)
	}
	w = sitetest.Ask(newSite(t, newConfig(), sitetest.BrokenPast{Store: countermemory.New(), Err: errors.New("secret")}), http.MethodGet, "/api/v1/history/example.com/a")
	if detail := sitetest.WantProblem(t, w, http.StatusServiceUnavailable); strings.Contains(detail, "secret") {
		t.Error(detail)
	}
	wantHeader(t, w, "Retry-After", "5")
}

// STATS says who may look.
func TestWhoMayLookAtHistories(t *testing.T) {
	for stats, want := range map[config.Stats][2]int{
		config.StatsPublic: {http.StatusOK, http.StatusOK},
		config.StatsOwner:  {http.StatusForbidden, http.StatusOK},
		config.StatsOff:    {http.StatusNotFound, http.StatusNotFound},
	} {
		cfg := newConfig()
		cfg.Stats = stats
		site := newSite(t, cfg, newPast(t))
		stranger := sitetest.Ask(site, http.MethodGet, "/api/v1/history/example.com/a")
		owner := sitetest.Ask(site, http.MethodGet, "/api/v1/history/example.com/a", "Authorization", sitetest.Token)
		if stranger.Code != want[0] || owner.Code != want[1] {
			t.Errorf("STATS=%s: a stranger gets %d, the owner %d; want %d", stats, stranger.Code, owner.Code, want)
		}
	}
}

// Reading a history never counts a view.
func TestHistoryCountsNothing(t *testing.T) {
	kept := newPast(t)
	site := newSite(t, newConfig(), kept)
	for range 3 {
		sitetest.Ask(site, http.MethodGet, "/api/v1/history/example.com/a")
		sitetest.Ask(site, http.MethodGet, "/api/v1/history")
	}
	wantValues(t, kept, map[string]int64{"views:example.com/a": 0, "site:example.com": 0, "counter_key": 0})
}
