package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/logging"
	"example.com/herokuapp/app/internal/metrics"
	"example.com/herokuapp/app/internal/sitetest"
	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterfile "example.com/herokuapp/counter-file"
	countermemory "example.com/herokuapp/counter-memory"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// program is a measured program with its pages and its metrics.
type program struct {
	http.Handler
	metrics http.Handler
}

// newProgram returns a program over the backend, which it closes in the end.
func newProgram(t *testing.T, backend counter.Backend) *program {
	t.Helper()
	cfg := config.Config{PageWait: time.Minute, SkipBots: true, MaxCounters: 100, MaxListeners: 10}
	log := logging.New(io.Discard, false)
	measured := metrics.New("v1.2.3", "abc")
	kept := coalesce.New(measured.Backend(backend), coalesce.Options{Wait: cfg.PageWait})
	parts := sitetest.New(t, cfg, kept, log.Logger, "a danger")
	measured.Watch(metrics.Sources{Store: kept, Health: parts.Health, Log: log.Logger, Listeners: parts.Hub.Listeners, Pages: parts.Views.Pages})
	t.Cleanup(func() {
		if err := errors.Join(kept.Close(), log.Close(context.WithoutCancel(t.Context()))); err != nil {
			t.Error(err)
		}
	})
	return &program{
		web.NewHandler(measured.Meter(), cfg, kept, parts.Health, parts.Pages, log.Logger, parts.Surfaces().Routes()...),
		measured.Handler(zap.NewNop()),
	}
}

// ask asks for a page with headers given as name, value, name, value and so on.
func (p *program) ask(t *testing.T, method, path string, headers ...string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/", nil)
	r.Method, r.URL.Path = method, path
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	p.ServeHTTP(httptest.NewRecorder(), r)
}

// scrape returns the text of all metrics.
func (p *program) scrape(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	p.metrics.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// want fails unless the series has the value.
func want(t *testing.T, text, series string, value float64) {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			if got, err := strconv.ParseFloat(strings.TrimSpace(rest), 64); err != nil || got != value {
				t.Errorf("%s is %s; want %v", series, strings.TrimSpace(rest), value)
			}
			return
		}
	}
	t.Errorf("there is no %s", series)
}

func TestViewsAndRequests(t *testing.T) {
	p := newProgram(t, countermemory.New())
	for range 3 {
		p.ask(t, http.MethodGet, "/")
	}
	p.ask(t, http.MethodHead, "/")
	p.ask(t, http.MethodPost, "/")
	p.ask(t, http.MethodGet, "/", "User-Agent", "Googlebot/2.1")
	p.ask(t, http.MethodGet, "/", "Sec-Purpose", "prefetch")
	p.ask(t, http.MethodGet, "/badge/example.com/a.svg")
	p.ask(t, http.MethodGet, "/badge/example.com/b.svg")
	p.ask(t, http.MethodPost, "/api/v1/views/example.com/a")
	p.ask(t, http.MethodGet, "/api/v1/views/example.com/a")
	p.ask(t, http.MethodGet, "/healthz")
	p.ask(t, http.MethodGet, "/nowhere")
	text := p.scrape(t)
	for series, value := range map[string]float64{
		`counter_views_total{reason="",status="counted",surface="page"}`:                3,
		`counter_views_total{reason="head",status="skipped",surface="page"}`:            1,
		`counter_views_total{reason="bot",status="skipped",surface="page"}`:             1,
		`counter_views_total{reason="prefetch",status="skipped",surface="page"}`:        1,
		`counter_views_total{reason="",status="pending",surface="page"}`:                0,
		`counter_views_total{reason="",status="counted",surface="badge"}`:               2,
		`counter_views_total{reason="",status="counted",surface="api"}`:                 1,
		`counter_views_total{reason="rate",status="skipped",surface="pixel"}`:           0,
		`counter_http_requests_total{code="200",route="/"}`:                             5,
		`counter_http_requests_total{code="405",route="/"}`:                             1,
		`counter_http_requests_total{code="503",route="/"}`:                             1,
		`counter_http_requests_total{code="200",route="/badge/{name:.+}.svg"}`:          2,
		`counter_http_requests_total{code="404",route="unmatched"}`:                     1,
		`counter_http_request_duration_seconds_count{class="2xx",route="/"}`:            5,
		`counter_http_request_duration_seconds_bucket{class="4xx",route="/",le="+Inf"}`: 1,
		`counter_store_call_duration_seconds_count{method="set"}`:                       0,
		`counter_store_errors_total{error="unknown",method="apply"}`:                    0,

		`counter_additions_total`:                         9,
		`counter_page_counters`:                           2,
		`counter_listeners`:                               0,
		`counter_store_up`:                                1,
		`counter_store_failing`:                           0,
		`counter_store_warnings`:                          1,
		`counter_pending_views`:                           0,
		`counter_healed_views_total`:                      0,
		`counter_log_lines_dropped_total{kind="request"}`: 0,
	} {
		want(t, text, series, value)
	}
	for _, part := range []string{`counter_build_info{goversion="go1.`, `revision="abc",version="v1.2.3"} 1`, "go_goroutines ", "counter_batches_total ", "counter_batch_views_sum 9\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %s", part)
		}
	}
}

// failing is a backend that is told how to fail.
type failing struct {
	counter.Backend
	err error
}

func (f *failing) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	if f.err == nil {
		return f.Backend.Apply(ctx, batches)
	}
	results := make([]counter.Result, len(batches))
	for i := range results {
		results[i].Err = f.err
	}
	return results
}

func (f *failing) Get(ctx context.Context, name string) (int64, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.Backend.Get(ctx, name)
}

// Errors are counted by kind. Their texts may hold anything, so they are not labels.
func TestErrors(t *testing.T) {
	backend := &failing{Backend: countermemory.New()}
	p := newProgram(t, backend)
	p.ask(t, http.MethodGet, "/")
	for _, err := range []error{
		fmt.Errorf("%w: at 10.0.0.1", counter.ErrType), errors.New("no route to host 10.0.0.1"), context.DeadlineExceeded, counter.ErrOverflow,
	} {
		backend.err = err
		p.ask(t, http.MethodHead, "/") // reads
	}
	backend.err = counter.ErrType
	p.ask(t, http.MethodGet, "/") // adds
	backend.err = nil
	text := p.scrape(t)
	for series, value := range map[string]float64{
		`counter_store_errors_total{error="type",method="get"}`:               1,
		`counter_store_errors_total{error="other",method="get"}`:              1,
		`counter_store_errors_total{error="timeout",method="get"}`:            1,
		`counter_store_errors_total{error="overflow",method="get"}`:           1,
		`counter_store_errors_total{error="type",method="apply"}`:             1,
		`counter_store_call_duration_seconds_count{method="get"}`:             4,
		`counter_store_call_duration_seconds_count{method="apply"}`:           2,
		`counter_views_total{reason="error",status="skipped",surface="page"}`: 1,
	} {
		want(t, text, series, value)
	}
	if strings.Contains(text, "10.0.0.1") {
		t.Error("the text of an error is in the metrics")
	}
}

// A stranger can't add a series, whatever they send.
func TestStrangersAddNoSeries(t *testing.T) {
	p := newProgram(t, countermemory.New())
	hostile := func(n int) {
		text := fmt.Sprintf("x%d\"}\n", n)
		for _, path := range []string{"/", "/badge/example.com/" + text + ".svg", "/pixel/" + text + ".gif", "/api/v1/views/" + text, "/" + text, "/events/" + text} {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, "X" + strconv.Itoa(n), "DELETE"} {
				if strings.HasPrefix(path, "/events/") && method == http.MethodGet {
					continue // which may last
				}
				p.ask(t, method, path, "User-Agent", text, "Host", text, "Referer", text, "X-Request-Id", text, "View-Status", text,
					"Sec-Fetch-Dest", text, "Traceparent", text, "X-Forwarded-For", text, "Origin", text)
			}
		}
	}
	hostile(0)
	before := strings.Count(p.scrape(t), "\n")
	for n := range 100 {
		hostile(n + 1)
	}
	if after := strings.Count(p.scrape(t), "\n"); after != before {
		t.Errorf("%d lines of metrics, and %d after hostile requests", before, after)
	}
}

// Names, units and help follow Prometheus's conventions, with each backend.
func TestLint(t *testing.T) {
	redis, err := counterredis.Open(t.Context(), redistest.Start(t).URL(), counterredis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	file, err := counterfile.Open(filepath.Join(t.TempDir(), "counts.db"), counterfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		backend counter.Backend
		has     string
	}{
		{countermemory.New(), "counter_batches_total "},
		{redis, "counter_redis_pool_connections{"},
		{file, "counter_file_size_bytes "},
	} {
		p := newProgram(t, test.backend)
		p.ask(t, http.MethodGet, "/")
		text := p.scrape(t)
		if !strings.Contains(text, "\n"+test.has) {
			t.Errorf("there is no %s", test.has)
		}
		problems, err := promlint.New(strings.NewReader(text)).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range problems {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
}

// Only /metrics is served, and it can only be read.
func TestHandler(t *testing.T) {
	p := newProgram(t, countermemory.New())
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/metrics", http.StatusOK},
		{http.MethodHead, "/metrics", http.StatusOK},
		{http.MethodPost, "/metrics", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, "/debug/pprof/", http.StatusNotFound},
	} {
		w := httptest.NewRecorder()
		p.metrics.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), test.method, test.path, nil))
		if w.Code != test.want {
			t.Errorf("%s %s: %d; want %d", test.method, test.path, w.Code, test.want)
		}
	}
}

// Every status that a view can have is measured.
func TestEveryStatusIsMeasured(t *testing.T) {
	const source = "../../../counter-core/counterhttp/view.go"
	parsed, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := newProgram(t, countermemory.New()).scrape(t)
	found := 0
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || fmt.Sprint(spec.Type) != "Status" {
			return true
		}
		status, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found++
		kind, reason, _ := strings.Cut(status, ";reason=")
		want(t, text, fmt.Sprintf(`counter_views_total{reason=%q,status=%q,surface="page"}`, reason, kind), 0)
		return true
	})
	if found < 10 {
		t.Errorf("%s has %d statuses", source, found)
	}
}

// Nothing is measured by nil, at no cost.
func TestNil(t *testing.T) {
	var none *metrics.Metrics
	backend := countermemory.New()
	if none.Backend(backend) != counter.Backend(backend) || none.Meter() != nil {
		t.Error("nil measures something")
	}
	none.Watch(metrics.Sources{})
}
