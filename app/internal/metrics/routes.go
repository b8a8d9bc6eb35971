package metrics

import (
	"cmp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"example.com/herokuapp/app/internal/web"
	"example.com/herokuapp/counter-core/counterhttp"
)

// Meter returns the meter of the routes, or nil if m is nil.
func (m *Metrics) Meter() web.Meter {
	if m == nil {
		return nil
	}
	return m.route
}

// unmatched is the route of requests that no route matches.
const unmatched = "unmatched"

// Status codes of answers. A handler can't send others.
const (
	minCode = 100
	maxCode = 599
)

// route counts the answers of one route. It looks up the series of each status only once, so
// that a request looks up no labels.
type route struct {
	metrics *Metrics
	pattern string
	codes   [maxCode - minCode + 1]atomic.Pointer[answers]
	views   map[counterhttp.Status]prometheus.Counter // nil if the route counts none
	counted prometheus.Counter                        // of them, the usual one
}

// answers are the series of answers with one status.
type answers struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

// route implements [web.Meter].
func (m *Metrics) route(of web.Route) web.Observer {
	r := &route{metrics: m, pattern: cmp.Or(of.Path, unmatched)}
	if of.Below {
		r.pattern += "*"
	}
	if of.Surface != "" {
		r.views = map[counterhttp.Status]prometheus.Counter{}
		for _, status := range statuses() {
			kind, reason, _ := strings.Cut(string(status), ";reason=")
			r.views[status] = m.views.WithLabelValues(of.Surface, kind, reason)
		}
		r.counted = r.views[counterhttp.Counted]
	}
	return r
}

// statuses are those that an answer can have. Their series exist from the start, so that
// Prometheus sees the first view as an increase.
func statuses() []counterhttp.Status {
	return []counterhttp.Status{
		counterhttp.Counted, counterhttp.Pending, counterhttp.Unknown, counterhttp.SkippedMethod, counterhttp.SkippedName,
		counterhttp.SkippedPrefetch, counterhttp.SkippedHead, counterhttp.SkippedEmbedded, counterhttp.SkippedBot,
		counterhttp.SkippedError, counterhttp.SkippedRate, counterhttp.SkippedSite, counterhttp.SkippedLimit,
	}
}

// Observe implements [web.Observer].
func (r *route) Observe(status int, view counterhttp.Status, took time.Duration) {
	a := r.answers(status)
	a.requests.Inc()
	a.duration.Observe(took.Seconds())
	switch {
	case view == "" || r.views == nil:
	case view == counterhttp.Counted:
		r.counted.Inc()
	default:
		if views, ok := r.views[view]; ok {
			views.Inc()
		}
	}
}

// answers returns the series of answers with the status.
func (r *route) answers(status int) *answers {
	if status < minCode || status > maxCode {
		return r.resolve("aborted", "aborted")
	}
	known := &r.codes[status-minCode]
	if a := known.Load(); a != nil {
		return a
	}
	code := strconv.Itoa(status)
	a := r.resolve(code, code[:1]+"xx")
	known.Store(a)
	return a
}

func (r *route) resolve(code, class string) *answers {
	return &answers{
		r.metrics.requests.WithLabelValues(r.pattern, code),
		r.metrics.durations.WithLabelValues(r.pattern, class),
	}
}
