package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"example.com/herokuapp/counter-redis/redistest"
)

// metricsURL returns where the app serves its metrics, which is in its log.
func (p *process) metricsURL(t *testing.T) string {
	t.Helper()
	for text := range strings.Lines(p.log()) {
		var line struct{ Msg, Address string }
		if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "serving metrics" {
			return "http://" + line.Address
		}
	}
	t.Fatalf("the app serves no metrics:\n%s", p.log())
	return ""
}

// scrape returns the metrics of an app.
func (p *process) scrape(t *testing.T) string {
	t.Helper()
	got := (&process{url: p.metricsURL(t)}).get(t, "/metrics")
	if got.status != http.StatusOK {
		t.Fatalf("/metrics: %d %s", got.status, got.body)
	}
	return got.body
}

const anyMetricsAddr = "METRICS_ADDR=127.0.0.1:0"

// Metrics have an address of their own, and are never at that of the page.
func TestMetricsAreApart(t *testing.T) {
	t.Parallel()
	app := startProcess(t, anyMetricsAddr)
	app.wantView(t, 1)
	if got := app.get(t, "/metrics"); got.status != http.StatusNotFound {
		t.Errorf("/metrics at the page's address: %d", got.status)
	}
	if text := app.scrape(t); !strings.Contains(text, `counter_views_total{reason="",status="counted",surface="page"} 1`) {
		t.Errorf("the view is not in the metrics:\n%s", text)
	}
	other := &process{url: app.metricsURL(t)}
	if got := other.get(t, "/"); got.status != http.StatusNotFound {
		t.Errorf("/ at the address of the metrics: %d", got.status)
	}
	app.stopDrained(t)
	if _, err := other.tryGet(t.Context(), "/metrics"); err == nil {
		t.Error("metrics are served after the end")
	}
	off := startProcess(t)
	if log := off.log(); strings.Contains(log, "serving metrics") {
		t.Errorf("metrics are served though nobody asked for them:\n%s", log)
	}
}

// Metrics can be read while the store drains, when no page is served any more.
func TestMetricsWhileDraining(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	app := startProcess(t, anyMetricsAddr, "REDIS_URL="+redis.URL(), "SHUTDOWN_TIMEOUT=1m")
	opened := app.wantNumber(t, 0)
	redis.Stop()
	app.wantAtLeast(t, opened+1)
	app.signal(t, syscall.SIGTERM)
	for { // until no page is served
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(app.url, "http://"))
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(time.Millisecond)
	}
	if text := app.scrape(t); !strings.Contains(text, "counter_pending_views 1\n") || !strings.Contains(text, "counter_store_up 0\n") {
		t.Errorf("the metrics don't have the pending view, or the store that does not answer:\n%s", text)
	}
	redis.Continue()
	app.wantDrained(t)
}

// Each metric that the dashboard, the alert rules and the documentation name is one that the
// app has, and each of the app's own is documented.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, store := range []string{"REDIS_URL=" + redistest.Start(t).URL(), "DATA_FILE=" + filepath.Join(t.TempDir(), "counts.db")} {
		app := startProcess(t, anyMetricsAddr, store, patient)
		app.wantView(t, 1)
		for name := range families(app.scrape(t)) {
			names[name] = true
		}
	}
	var used []string
	for _, expr := range expressions(t) {
		used = append(used, metricsIn(expr)...)
	}
	if len(used) < 20 {
		t.Errorf("the dashboard and the rules use only %q", used)
	}
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := regexp.MustCompile("`((?:counter|go|process)_\\w+)").FindAllStringSubmatch(string(page), -1)
	for _, match := range documented {
		used = append(used, match[1])
	}
	for _, name := range used {
		if !names[name] {
			t.Errorf("there is no metric %q", name)
		}
	}
	for name := range names {
		base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if strings.HasPrefix(name, "counter_") && !slices.ContainsFunc(documented, func(match []string) bool { return match[1] == name || match[1] == base }) {
			t.Errorf("docs/metrics.md lacks %s", name)
		}
	}
}

// families returns the names of all series, those of the parts of a histogram included, and
// the histogram's own.
func families(text string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			names[strings.Fields(name)[0]] = true
		} else if !strings.HasPrefix(line, "#") {
			names[strings.FieldsFunc(line, func(r rune) bool { return r == '{' || r == ' ' })[0]] = true
		}
	}
	return names
}

// expressions returns all queries of the dashboard and of the alert rules.
func expressions(t *testing.T) []string {
	t.Helper()
	var found []string
	var dashboard, rules any
	text, err := os.ReadFile("../docs/metrics/dashboard.json")
	if err == nil {
		err = json.Unmarshal(text, &dashboard)
	}
	if err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile("../docs/metrics/alerts.yaml"); err == nil {
		err = yaml.Unmarshal(text, &rules)
	}
	if err != nil {
		t.Fatal(err)
	}
	walk := func(any) {}
	walk = func(node any) {
		switch node := node.(type) {
		case map[string]any:
			for key, value := range node {
				if text, ok := value.(string); ok && (key == "expr" || key == "definition") {
					found = append(found, text)
				} else {
					walk(value)
				}
			}
		case []any:
			for _, value := range node {
				walk(value)
			}
		}
	}
	walk(dashboard)
	walk(rules)
	alerts := regexp.MustCompile(`(?m)^ +- alert: `).FindAllString(string(text), -1)
	if len(alerts) != 3 {
		t.Errorf("there are %d alerts; want 3", len(alerts))
	}
	return found
}

// metricsIn returns the names of the metrics in a query.
func metricsIn(query string) []string {
	for _, other := range []string{
		`"[^"]*"`, `\{[^}]*\}`, `\[[^\]]*\]`, // texts, labels, ranges
		`\b(by|on|without|ignoring|group_left|group_right) *\([^)]*\)`,
		`label_values\(|, *(job|instance)\)`, // Grafana's
		`\w+ *\(`,                            // functions
		`\b(and|or|unless|bool|offset|by)\b`, `\b[0-9.]+\b`,
	} {
		query = regexp.MustCompile(other).ReplaceAllString(query, " ")
	}
	return regexp.MustCompile(`[a-zA-Z_:][\w:]*`).FindAllString(query, -1)
}

func TestMetricsIn(t *testing.T) {
	t.Parallel()
	got := metricsIn(`sum by (le, x) (rate(a_bucket{b=~"c"}[5m])) / on (d) e_total > 0.5 and min_over_time(f[1m]) or vector(0)`)
	if want := []string{"a_bucket", "e_total", "f"}; !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}
