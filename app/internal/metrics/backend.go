package metrics

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	counter "example.com/herokuapp/counter-core"
)

// Backend returns the backend with its calls measured, or the backend itself if m is nil. Its
// optional interfaces are found by [counter.As] and are not measured.
func (m *Metrics) Backend(inner counter.Backend) counter.Backend {
	if m == nil {
		return inner
	}
	b := &backend{Backend: inner, batchViews: m.batchViews}
	for method, of := range map[string]*call{"add": &b.add, "get": &b.get, "set": &b.set, "list": &b.list, "apply": &b.apply} {
		*of = call{m.calls.WithLabelValues(method), map[string]prometheus.Counter{}}
		for _, kind := range errorKinds() {
			of.errors[kind] = m.errors.WithLabelValues(method, kind)
		}
	}
	return b
}

// backend measures a backend. Close and Retention are the backend's own.
type backend struct {
	counter.Backend
	add, get, set, list, apply call
	batchViews                 prometheus.Histogram
}

var (
	_ counter.Backend      = (*backend)(nil)
	_ counter.PrefixLister = (*backend)(nil)
)

// Unwrap is for [counter.As].
func (b *backend) Unwrap() counter.Store { return b.Backend }

// Add implements [counter.Store].
func (b *backend) Add(ctx context.Context, name string, delta int64) (int64, error) {
	start := time.Now()
	value, err := b.Backend.Add(ctx, name, delta)
	b.add.done(start, err)
	return value, err
}

// Get implements [counter.Store].
func (b *backend) Get(ctx context.Context, name string) (int64, error) {
	start := time.Now()
	value, err := b.Backend.Get(ctx, name)
	b.get.done(start, err)
	return value, err
}

// Set implements [counter.Store].
func (b *backend) Set(ctx context.Context, name string, value int64) error {
	start := time.Now()
	err := b.Backend.Set(ctx, name, value)
	b.set.done(start, err)
	return err
}

// List implements [counter.Store]. The time includes that of the caller's loop.
func (b *backend) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return b.listed(b.Backend.List(ctx, prefix))
}

// ListPrefixes implements [counter.PrefixLister]. It counts as one List.
func (b *backend) ListPrefixes(ctx context.Context, prefixes []string) iter.Seq2[counter.Entry, error] {
	return b.listed(counter.ListPrefixes(ctx, b.Backend, prefixes))
}

// listed measures a listing.
func (b *backend) listed(entries iter.Seq2[counter.Entry, error]) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		start := time.Now()
		var failed error
		defer func() { b.list.done(start, failed) }()
		for entry, err := range entries {
			failed = err
			if !yield(entry, err) {
				return
			}
		}
	}
}

// Apply implements [counter.Backend].
func (b *backend) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	start := time.Now()
	results := b.Backend.Apply(ctx, batches)
	b.apply.done(start, nil)
	for i := range results {
		b.batchViews.Observe(float64(batches[i].Delta))
		if results[i].Err != nil {
			b.apply.failed(results[i].Err)
		}
	}
	return results
}

// call has the series of one method.
type call struct {
	duration prometheus.Observer
	errors   map[string]prometheus.Counter // by kind
}

func (c *call) done(start time.Time, err error) {
	c.duration.Observe(time.Since(start).Seconds())
	if err != nil {
		c.failed(err)
	}
}

func (c *call) failed(err error) { c.errors[errorKind(err)].Inc() }

// The kinds of errors that callers can tell apart, and one for the rest.
const (
	kindTimeout = "timeout" // the caller's context ended, and nothing has changed
	kindOther   = "other"   // for example a store that can't be reached
)

func errorKinds() []string {
	kinds := []string{kindTimeout, kindOther}
	for _, named := range namedErrors() {
		kinds = append(kinds, named.kind)
	}
	return kinds
}

type namedError struct {
	err  error
	kind string
}

func namedErrors() []namedError {
	return []namedError{
		{counter.ErrUnknown, "unknown"},
		{counter.ErrStale, "stale"},
		{counter.ErrRecord, "record"},
		{counter.ErrOverflow, "overflow"},
		{counter.ErrType, "type"},
		{counter.ErrName, "name"},
		{counter.ErrDelta, "delta"},
		{counter.ErrClosed, "closed"},
	}
}

// errorKind returns the kind of an error. The text of an error may hold anything, so it is not
// a label.
func errorKind(err error) string {
	for _, named := range namedErrors() {
		if errors.Is(err, named.err) {
			return named.kind
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return kindTimeout
	}
	return kindOther
}
