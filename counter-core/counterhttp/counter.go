// Package counterhttp counts views: pages that a browser shows because somebody opened
// them. [Counter.Handler] and [Counter.Middleware] wrap the handler of a page, which gets
// the number to show from [ViewOf]. [Counter.Page] does the same with less work. Anything
// else, such as an API or a badge, calls [Counter.Count] and [Counter.Look].
//
// The header View-Status of each answer says whether the view was counted, and if not, why.
// Requests with another method than GET, prefetches, parts of other pages and bots are not
// counted.
//
// A browser may keep a page in memory and show it again on Back without a request. To count
// such a view and show its number, the page needs this script:
//
//	<script>addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });</script>
//
// The repository's docs/views.md explains what counts, and why.
package counterhttp

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/bots"
)

// Options adapts a [Counter]. The zero value has the defaults, which are for pages.
type Options struct {
	// Wait is how long a view waits for its number. The default is 500ms. A store such as
	// that of package coalesce counts the view even if it takes longer. If Wait is negative,
	// a view waits as long as the store takes: use that with a store that has its own limit.
	Wait time.Duration

	// Methods are the methods whose requests count. The default is GET. HEAD never counts.
	Methods []string

	// Embedded also counts what a browser loads as a part of another page or for a script,
	// such as a badge or an API.
	Embedded bool

	// Bot reports whether requests with a User-Agent don't count. The default is [bots.Is].
	// To count every program, use a function that returns false.
	Bot func(userAgent string) bool

	// Refuse answers a request instead of the page if no number is known. The error is the
	// store's. If it is [counter.ErrPending], the view is kept, and the header View-Status
	// says so. The default answers 503 with Retry-After.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)

	// ShowUnknown shows the page instead of calling Refuse, with a [View] that is not Known.
	ShowUnknown bool

	// Observe is called, for a log, with the name of each counter that could not count a view
	// or be read, and the error. It is not called for pending views, which are not lost. By
	// default nothing is called.
	Observe func(r *http.Request, name string, err error)
}

// Counter counts views in a store. It is safe for concurrent use.
type Counter struct {
	store     counter.Store
	estimator counter.Estimator // nil if the store has none
	all       counter.AllAdder  // the same store, nil if it isn't one
	opts      Options
}

// New returns a counter of views in the store. The caller closes the store.
func New(store counter.Store, opts Options) *Counter {
	opts.Wait = cmp.Or(opts.Wait, 500*time.Millisecond)
	if opts.Methods == nil {
		opts.Methods = []string{http.MethodGet}
	}
	if opts.Bot == nil {
		opts.Bot = bots.Is
	}
	if opts.Refuse == nil {
		opts.Refuse = refuse
	}
	if opts.Observe == nil {
		opts.Observe = func(*http.Request, string, error) {}
	}
	c := &Counter{store: store, opts: opts}
	c.estimator, _ = counter.As[counter.Estimator](store)
	c.all, _ = store.(counter.AllAdder)
	return c
}

// Count adds one to the named counter if the request is a view, and returns what a page may
// show. It also adds one to each of the other counters, such as the whole site's. A name
// that is given twice counts once, and an empty name does not count.
//
// If the error is not nil, no number is known for the name, and the error is the store's.
// Errors of the other counters only go to Options.Observe.
//
// For HEAD requests, embedded requests and bots, Count reads the number without counting.
// For other requests that don't count, and for names that [counter.CheckName] refuses, it
// does not ask the store: the View is not Known, and the error is nil.
//
// A request that arrived completely is counted even if its context has ended, because a
// client may close its side of the connection while it waits for the answer.
func (c *Counter) Count(r *http.Request, name string, others ...string) (View, error) {
	status := c.skip(r, name)
	switch status {
	case "":
		return c.add(r, name, others)
	case SkippedHead, SkippedEmbedded, SkippedBot:
		view, err := c.Look(r, name)
		view.Status = status
		if status == SkippedHead && err == nil {
			if view.Number == math.MaxInt64 {
				return View{Status: status}, counter.ErrOverflow
			}
			view.Number++
		}
		return view, err
	default:
		return View{Status: status}, nil
	}
}

// Look returns what a page may show of the named counter, without counting. The View has no
// Status. If the error is not nil, no number is known, and the error is the store's.
func (c *Counter) Look(r *http.Request, name string) (View, error) {
	ctx, cancel := c.detach(r)
	defer cancel()
	value, err := c.store.Get(ctx, name)
	if err == nil {
		return View{Number: value, Known: true}, nil
	}
	if c.estimator != nil && !errors.Is(err, counter.ErrType) { // what was known before is wrong then
		if value, known := c.estimator.AtLeast(name); known {
			return View{Number: value, Known: true, AtLeast: true}, nil
		}
	}
	c.opts.Observe(r, name, err)
	return View{}, err
}

// detach returns a context for the store that ends after Wait, not with the connection:
// net/http ends a request's context as soon as the client closes its side.
func (c *Counter) detach(r *http.Request) (context.Context, context.CancelFunc) {
	ctx := context.WithoutCancel(r.Context())
	if c.opts.Wait < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.opts.Wait)
}

// CountAll is [Counter.Count] for a caller that shows several numbers: it adds the view to
// each of the counters, whose names differ, and returns the view of each, in their order.
// If the request is not a view it asks nobody, and every View has no more than the
// Status. The error is that of the first.
func (c *Counter) CountAll(r *http.Request, names ...string) ([]View, error) {
	found := make([]View, len(names))
	if status := c.Skips(r); status != "" {
		for i := range found {
			found[i].Status = status
		}
		return found, nil
	}
	ctx, cancel := c.detach(r)
	defer cancel()
	return found, c.addAll(ctx, r, names, found)
}

// Skips returns why the request does not count as a view, or an empty Status if it does.
func (c *Counter) Skips(r *http.Request) Status { return c.skip(r, "a name") }

func (c *Counter) add(r *http.Request, name string, others []string) (View, error) {
	ctx, cancel := c.detach(r)
	defer cancel()
	if len(others) == 0 {
		return c.addOne(ctx, r, name)
	}
	names := []string{name}
	for _, other := range others {
		if other != "" && !slices.Contains(names, other) {
			names = append(names, other)
		}
	}
	found := make([]View, len(names))
	err := c.addAll(ctx, r, names, found)
	return found[0], err
}

// addAll adds to all counters at the same time, so that the store can take them in one
// call.
func (c *Counter) addAll(ctx context.Context, r *http.Request, names []string, found []View) (err error) {
	if c.all != nil {
		numbers, errs := c.all.AddAll(ctx, names, 1)
		for i, name := range names {
			found[i], errs[i] = c.viewOf(r, name, numbers[i], errs[i])
		}
		return errs[0]
	}
	var adding sync.WaitGroup
	panics := make(chan any, len(names))
	for i, name := range names[1:] {
		adding.Go(func() {
			defer func() {
				if fault := recover(); fault != nil {
					panics <- fault
				}
			}()
			found[i+1], _ = c.addOne(ctx, r, name)
		})
	}
	defer adding.Wait() // after a panic, too
	found[0], err = c.addOne(ctx, r, names[0])
	adding.Wait()
	select {
	case fault := <-panics:
		panic(fault) // where net/http recovers
	default:
		return err
	}
}

func (c *Counter) addOne(ctx context.Context, r *http.Request, name string) (View, error) {
	number, err := counter.Inc(ctx, c.store, name)
	return c.viewOf(r, name, number, err)
}

// viewOf returns the view of a counter to which the store has added, or why it has not.
func (c *Counter) viewOf(r *http.Request, name string, number int64, err error) (View, error) {
	if err == nil {
		return View{Number: number, Known: true, Status: Counted}, nil
	}
	if pending, ok := errors.AsType[*counter.PendingError](err); ok {
		if pending.Known {
			return View{Number: pending.AtLeast, Known: true, AtLeast: true, Status: Pending}, nil
		}
		return View{Status: Pending}, err
	}
	c.opts.Observe(r, name, err)
	if errors.Is(err, counter.ErrUnknown) {
		return View{Status: Unknown}, err
	}
	return View{Status: SkippedError}, err
}
