// Package metrics measures the program for Prometheus: the requests it gets, the calls it makes
// to its store, and the state of both.
//
// No label has a value that a visitor can choose. Routes are named by their patterns, statuses
// and errors by fixed lists.
package metrics

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// Metrics are the program's metrics. They are safe for concurrent use. A nil *Metrics measures
// nothing and costs nothing.
type Metrics struct {
	registry *prometheus.Registry

	views     *prometheus.CounterVec
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec

	calls      *prometheus.HistogramVec
	errors     *prometheus.CounterVec
	batchViews prometheus.Histogram
}

// namespace begins the name of every metric that is not Go's or the process's.
const namespace = "counter"

// New returns metrics of the program, built from the revision.
func New(version, revision string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		views: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "views_total",
			Help: "Requests that could have been views, by the surface they came through and what became of them.",
		}, []string{"surface", "status", "reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "http_requests_total",
			Help: "Answered requests by the pattern of the route and the status code.",
		}, []string{"route", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "http_request_duration_seconds",
			Help:    "Time from a request's header to the end of its answer, by the pattern of the route and the class of the status code.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route", "class"}),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "store_call_duration_seconds",
			Help:    "Time that a call to the store took, by method.",
			Buckets: []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"method"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "store_errors_total",
			Help: "Calls to the store that failed, by method and kind of error. A batch that fails is one error.",
		}, []string{"method", "error"}),
		batchViews: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "batch_views",
			Help:    "Views in each batch that was sent to the store. A batch that is sent again is observed again.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 8),
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info",
		Help:        "Always 1. The labels say what the program was built from.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(
		m.views, m.requests, m.durations, m.calls, m.errors, m.batchViews, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

const (
	// maxScrapes is the largest number of scrapes answered at the same time.
	maxScrapes = 4
	// scrapeTimeout limits a scrape. It is a little less than Prometheus waits.
	scrapeTimeout = 9 * time.Second
)

// Handler returns a handler that serves the metrics at /metrics.
func (m *Metrics) Handler(log *zap.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            scrapeLog{log},
		ErrorHandling:       promhttp.ContinueOnError, // what can't be collected doesn't hide the rest
		MaxRequestsInFlight: maxScrapes,
		Timeout:             scrapeTimeout,
	}))
	return mux
}

// scrapeLog logs what can't be collected.
type scrapeLog struct{ log *zap.Logger }

// Println implements [promhttp.Logger].
func (l scrapeLog) Println(values ...any) {
	l.log.Sugar().Warn(append([]any{"metrics: "}, values...)...)
}
