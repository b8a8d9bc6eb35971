// Package counterhttp counts views: what a browser shows to somebody because they asked
// for it. [Counter.Handler] and [Counter.Middleware] go around what serves a page, and
// [ViewOf] tells that the number to show; [Counter.Page] does it with less work. What is
// not a page, such as an API or a badge, calls [Counter.Count] and [Counter.Look].
//
// Each answer of a page says in its header View-Status whether the view was counted, and if
// not, why. Not counted are: other methods than GET, what is loaded for later or as a part
// of another page, and programs that nobody sits at.
//
// A browser may keep a page in memory and show it again on Back without a request. For such
// a view to be counted, and to show its number, the page needs this script:
//
//	<script>addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });</script>
//
// docs/views.md of the repository says more about what counts, and why.
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
	// Wait is how long a view waits for its number: 500ms by default. What a store
	// like that of package coalesce keeps longer is counted all the same. Negative, it
	// waits as long as the store takes, which is for a store that bounds it by itself.
	Wait time.Duration

	// Methods are those whose requests count. Default: GET. A HEAD never counts.
	Methods []string

	// Embedded counts what a browser loads as a part of another page, or for a script,
	// too: for a badge, or for what scripts call.
	Embedded bool

	// Bot reports whether a User-Agent is that of a program whose requests don't count.
	// Default: [bots.Is]. For none, give a function that returns false.
	Bot func(userAgent string) bool

	// Refuse answers a request for which no number is known, in place of the page:
	// the error is the store's. The view may be kept, which the header View-Status
	// tells, and then the error is [counter.ErrPending]. Default: it answers 503 with
	// Retry-After.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)

	// ShowUnknown shows the page in place of what Refuse answers, with a [View] that is not
	// Known.
	ShowUnknown bool

	// Observe is told of each counter, by name, that could not count a view or be read,
	// and why; for a log. It is not told of views that are pending: nothing is lost.
	// Default: nobody is told.
	Observe func(r *http.Request, name string, err error)
}

// Counter counts views in a store. It is safe for concurrent use.
type Counter struct {
	store     counter.Store
	estimator counter.Estimator // nil where the store is none
	opts      Options
}

// New returns a counter of views in the store, which stays the caller's to close.
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
	return c
}

// Count adds one to the named counter if the request is a view, and returns what may be
// shown of it. The view is added to each of the other counters, too, such as that of the
// whole site; a name that stands there twice, or is empty, counts once, or not at all.
//
// The error is that no number is known for the name, and the store's. That of another
// counter is told to Options.Observe alone.
//
// A HEAD, what is embedded and bots are told the number without counting. Of other
// requests that don't count, and of names that [counter.CheckName] refuses, the store is not
// asked: the View is not Known, and the error is nil.
//
// A request that arrived whole is counted, even if its context has ended: whoever closes
// the connection after asking has asked.
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

// Look returns what may be shown of the named counter, and counts nothing. The View has no
// Status. The error is that no number is known, and the store's.
func (c *Counter) Look(r *http.Request, name string) (View, error) {
	ctx, cancel := c.detach(r)
	defer cancel()
	value, err := c.store.Get(ctx, name)
	if err == nil {
		return View{Number: value, Known: true}, nil
	}
	if c.estimator != nil {
		if value, known := c.estimator.AtLeast(name); known {
			return View{Number: value, Known: true, AtLeast: true}, nil
		}
	}
	c.opts.Observe(r, name, err)
	return View{}, err
}

// detach returns a context for the store, which ends by itself and not with the connection:
// net/http ends a request's context as soon as the client has closed its side.
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
