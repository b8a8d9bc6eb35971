package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/logging"
	"example.com/herokuapp/app/internal/store"
	counter "example.com/herokuapp/counter-core"
)

// Sources are the parts of the program that know their own state. They are asked at each
// scrape.
type Sources struct {
	Store  counter.Store
	Health *store.Health
	Log    *zap.Logger
	// Listeners returns how many clients listen to changing numbers, and Pages how many pages
	// have a counter.
	Listeners, Pages func() int
}

// Watch adds metrics of the sources. Call it once. It does nothing if m is nil.
func (m *Metrics) Watch(sources Sources) {
	if m == nil {
		return
	}
	s := &state{sources: sources}
	s.pool, _ = counter.As[pool](sources.Store)
	s.file, _ = counter.As[file](sources.Store)
	m.registry.MustRegister(s)
}

type (
	// pool is a store with a pool of connections to Redis.
	pool interface{ PoolStats() *redis.PoolStats }
	// file is a store in a file.
	file interface{ Size() (int64, error) }
)

// state collects the metrics of the sources.
type state struct {
	sources Sources
	pool    pool // nil if the store has none
	file    file // nil if the store is not one
}

// Describe implements [prometheus.Collector]. It describes nothing, so Collect may send any
// metrics.
func (*state) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (s *state) Collect(metrics chan<- prometheus.Metric) {
	c := sink{metrics}
	s.collectStore(c)
	lost := logging.LostLines(s.sources.Log)
	for kind, lines := range map[string]int{"request": lost.Requests, "other": lost.Other, "unwritten": lost.Unwritten} {
		c.counter("log_lines_dropped_total", "Lines of the log that were lost: of requests and others because the output did not keep up, "+
			"and those that could not be written.", float64(lines), label{"kind", kind})
	}
	c.gauge("listeners", "Clients that listen to changing numbers.", float64(s.sources.Listeners()))
	c.gauge("page_counters", "Pages that have a counter, counted every ten minutes, and those added by this process since.", float64(s.sources.Pages()))
	if s.pool != nil {
		collectPool(c, s.pool.PoolStats())
	}
	if s.file != nil {
		if size, err := s.file.Size(); err == nil { // a file that fails has no size for now
			c.gauge("file_size_bytes", "Size of the file that has the counters.", float64(size))
		}
	}
}

func (s *state) collectStore(c sink) {
	report := s.sources.Health.Report(context.Background())
	c.gauge("store_up", "Whether the store answered when it was asked for this.", number(report.Fault == nil))
	c.gauge("store_failing", "Whether calls that count views fail, so that views are kept in memory until the store answers.", number(report.Stats.Failing))
	c.gauge("store_warnings", "Dangers to the counts that the log and the admin site name.", float64(len(report.Warnings)))
	c.gauge("pending_views", "Additions that are in memory and not known to be counted yet, among them those in flight.", float64(report.Stats.Pending))
	c.counter("healed_views_total", "Views that the store had lost and has counted again.", float64(report.Stats.Healed))
	if report.Gathers {
		c.counter("additions_total", "Additions to counters that were accepted, to be sent in batches. A view of a page elsewhere is two: one to the page and one to its site.", float64(report.Stats.Additions))
		c.counter("batches_total", "Batches that were sent to the store, repeats included.", float64(report.Stats.Batches))
		c.counter("batch_calls_total", "Calls that carried the batches.", float64(report.Stats.Calls))
	}
}

func collectPool(c sink, stats *redis.PoolStats) {
	const connections = "Connections to Redis by state."
	c.gauge("redis_pool_connections", connections, float64(stats.IdleConns), label{"state", "idle"})
	c.gauge("redis_pool_connections", connections, float64(stats.TotalConns-min(stats.IdleConns, stats.TotalConns)), label{"state", "in_use"})
	c.counter("redis_pool_hits_total", "Calls that found a free connection to Redis.", float64(stats.Hits))
	c.counter("redis_pool_misses_total", "Calls that found no free connection to Redis.", float64(stats.Misses))
	c.counter("redis_pool_timeouts_total", "Calls that waited too long for a connection to Redis.", float64(stats.Timeouts))
	c.counter("redis_pool_waits_total", "Calls that waited for a connection to Redis.", float64(stats.WaitCount))
	c.counter("redis_pool_wait_seconds_total", "Time that calls waited for a connection to Redis.", float64(stats.WaitDurationNs)/1e9)
	c.counter("redis_pool_stale_connections_total", "Connections to Redis that were closed because they were broken or old.", float64(stats.StaleConns))
}

// sink takes metrics as they are collected.
type sink struct{ metrics chan<- prometheus.Metric }

// label is a label's name and value.
type label struct{ name, value string }

func (c sink) gauge(name, help string, value float64, labels ...label) {
	c.send(prometheus.GaugeValue, name, help, value, labels)
}

func (c sink) counter(name, help string, value float64, labels ...label) {
	c.send(prometheus.CounterValue, name, help, value, labels)
}

func (c sink) send(kind prometheus.ValueType, name, help string, value float64, labels []label) {
	constant := prometheus.Labels{}
	for _, l := range labels {
		constant[l.name] = l.value
	}
	desc := prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, nil, constant)
	c.metrics <- prometheus.MustNewConstMetric(desc, kind, value)
}

// number returns 1 for true and 0 for false.
func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
