// Package counterhttp counts the views of pages: [Handler] goes around what
// serves a page, and [ViewOf] tells that the number to show.
//
// A view is a GET that a browser makes to show the page now. Each answer says in
// its header View-Status whether the view was counted, and if not, why.
package counterhttp

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Options adapts a [Handler]. The zero value has the defaults.
type Options struct {
	// Wait is how long a page waits for its number: 500ms by default. What a store
	// like that of package coalesce keeps longer is counted all the same.
	Wait time.Duration

	// Refuse answers a request for which no number is known, in place of the page:
	// the error is the store's. The view may be kept, which the header View-Status
	// tells, and then the error is [counter.ErrPending]. By default it answers 503
	// with Retry-After.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
}

// Handler returns a handler that counts the views of next, each request's
// under the name that the function returns for it. An empty name, or another that
// [counter.CheckName] refuses, is not counted.
//
// A HEAD is answered as a GET would be, and not counted. Either to load the page
// for later is answered 503, without asking next: a browser that was given the page
// would show it without another request, and its view would be missed. Any other
// method goes to next, uncounted. Where there is a name, Cache-Control is no-store
// unless next sets it, for a page from a cache is a view nobody sees.
func Handler(store counter.Store, name func(*http.Request) string, next http.Handler, opts Options) http.Handler {
	opts.Wait = cmp.Or(max(opts.Wait, 0), 500*time.Millisecond)
	if opts.Refuse == nil {
		opts.Refuse = refuse
	}
	h := &handler{store: store, name: name, next: next, opts: opts}
	h.estimator, _ = counter.As[estimator](store)
	return h
}

// Named returns a function that gives every request the same name.
func Named(name string) func(*http.Request) string {
	return func(*http.Request) string { return name }
}

type handler struct {
	store     counter.Store
	estimator estimator // nil where the store is none
	name      func(*http.Request) string
	next      http.Handler
	opts      Options
}

// estimator is a store that knows, without asking, how much there is at least.
type estimator interface {
	AtLeast(name string) (value int64, known bool)
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	view, err := h.view(r)
	header := w.Header()
	header.Set(StatusHeader, string(view.Status))
	if view.Status != SkippedName {
		header.Set("Cache-Control", "no-store")
	}
	if view.Status == SkippedPrefetch {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if err != nil {
		h.opts.Refuse(w, r, err)
		return
	}
	h.next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewKey{}, view)))
}

// view counts the request if it is a view. The error is that no number is known.
func (h *handler) view(r *http.Request) (View, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return View{Status: SkippedMethod}, nil
	}
	name := h.name(r)
	if counter.CheckName(name) != nil { // which may be a visitor's doing, by a long path
		return View{Status: SkippedName}, nil
	}
	if isPrefetch(r.Header) {
		return View{Status: SkippedPrefetch}, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.opts.Wait)
	defer cancel()
	if r.Method == http.MethodHead {
		return h.look(ctx, name)
	}
	return h.count(ctx, name)
}

func (h *handler) count(ctx context.Context, name string) (View, error) {
	number, err := counter.Inc(ctx, h.store, name)
	if err == nil {
		return View{Number: number, Status: Counted}, nil
	}
	if pending, ok := errors.AsType[*counter.PendingError](err); ok {
		if pending.Known {
			err = nil
		}
		return View{Number: pending.AtLeast, AtLeast: true, Status: Pending}, err
	}
	if errors.Is(err, counter.ErrUnknown) {
		return View{Status: Unknown}, err
	}
	return View{Status: SkippedError}, err
}

// look returns the view that count would return, and counts nothing.
func (h *handler) look(ctx context.Context, name string) (View, error) {
	view := View{Status: SkippedHead}
	value, err := h.store.Get(ctx, name)
	if err != nil && h.estimator != nil {
		if value, view.AtLeast = h.estimator.AtLeast(name); view.AtLeast {
			err = nil
		}
	}
	if err == nil && value == math.MaxInt64 {
		err = counter.ErrOverflow
	}
	view.Number = value + 1
	return view, err
}

// refuse is the default of [Options].Refuse.
func refuse(w http.ResponseWriter, _ *http.Request, _ error) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "The counter of this page can't be reached. Please try again in a moment.", http.StatusServiceUnavailable)
}
