package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// startStats is a process that has counted pages once, ten and ten million times. The name of the last
// is hard to break into lines.
func startStats(t *testing.T) *process {
	t.Helper()
	app := startProcess(t, "ADMIN_TOKEN="+adminToken)
	hour := time.Now().UTC().Truncate(time.Hour)
	var lines strings.Builder
	add := func(name string, value int64, hours int, views int64) {
		var past []string
		for n := range hours {
			past = append(past, fmt.Sprintf("%q:%d", hour.Add(-time.Duration(n)*5*time.Hour).Format("2006-01-02T15"), views))
		}
		fmt.Fprintf(&lines, "{\"name\":%q,\"value\":%d,\"history\":{%s}}\n", name, value, strings.Join(past, ","))
	}
	add("views:example.com/one", 1, 1, 1)
	add("views:example.com/ten", 10, 10, 1)
	add(longPage, 10_000_000, 1000, 10_000)
	answer := app.send(t, http.MethodPost, "/admin/api/import", lines.String(), "Authorization", "Bearer "+adminToken, "Content-Type", "application/jsonl")
	if answer.status != http.StatusOK {
		t.Fatalf("%d %s", answer.status, answer.body)
	}
	return app
}

// A stats page fits a phone, a tablet and a desk, and axe finds nothing against it, with as
// many views as a page can have.
func TestStatsPagesAreAccessible(t *testing.T) {
	t.Parallel()
	app := startStats(t)
	browser := startBrowser(t)
	long, _ := strings.CutPrefix(longPage, "views:")
	for _, path := range []string{"/example.com/none", "/example.com/ten?step=week&tz=nowhere", "/" + long + "?tz=Asia/Kolkata"} {
		wantAccessible(browser, t, path, app.url+"/stats"+path)
	}
}

// The numbers of an open stats page change when a view is counted, and what its reader has
// opened stays open. Looking at it counts nothing.
func TestStatsPageTicks(t *testing.T) {
	t.Parallel()
	app := startStats(t)
	browser := startBrowser(t)
	do(browser, t, chromedp.Navigate(app.url+"/stats/example.com/one"), chromedp.Evaluate[chromedp.Void](`
		document.querySelector("details").open = true;
		label = () => document.querySelector("#days svg").getAttribute("aria-label");
		before = label()`))
	if answer := app.send(t, http.MethodPost, "/api/v1/views/example.com/one", ""); answer.status != http.StatusOK {
		t.Fatalf("%d %s", answer.status, answer.body)
	}
	waitUntil(browser, t, `document.querySelector("[data-total]").textContent == "2"`)
	waitUntil(browser, t, `label() != before && /: [12] so far/.test(label())`) // 1 if the day has turned since
	waitUntil(browser, t, `document.querySelector("#days-sum").textContent == "2" && document.querySelector("details").open`)
}
