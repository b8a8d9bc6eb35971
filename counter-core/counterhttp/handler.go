package counterhttp

import (
	"context"
	"net/http"
)

// Names returns the names of the counters that a request's view is added to. The number of
// the first is shown. The request is not counted if there is no name, or if
// [counter.CheckName] refuses the first.
type Names func(*http.Request) []string

// Named returns the same names for every request.
func Named(names ...string) Names {
	return func(*http.Request) []string { return names }
}

// Handler returns a handler that counts the views of next. next finds its view with
// [ViewOf].
//
// A HEAD request is answered like a GET request. Prefetch requests get 503 without calling
// next: if they got the page, the browser would later show it without another request, and
// the view would go uncounted. Any other request that does not count goes to next. If there
// is a name, Cache-Control is no-store unless next sets it, because a page that comes from a
// cache is not counted.
func (c *Counter) Handler(names Names, next http.Handler) http.Handler {
	return c.Page(names, func(w http.ResponseWriter, r *http.Request, view View) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewKey{}, view)))
	})
}

// Middleware returns [Counter.Handler] in the form that routers use, such as r.Use(…).
func (c *Counter) Middleware(names Names) func(next http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return c.Handler(names, next) }
}

// Page is [Counter.Handler] for a page that takes its view as an argument. This saves a copy
// of the request.
func (c *Counter) Page(names Names, page func(http.ResponseWriter, *http.Request, View)) http.Handler {
	return &handler{
		counter: c, names: names, page: page,
		noStore: []string{"no-store"}, counted: []string{string(Counted)},
	}
}

type handler struct {
	counter *Counter
	names   Names
	page    func(http.ResponseWriter, *http.Request, View)

	noStore, counted []string // values of headers, shared by all answers
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var name string
	names := h.names(r)
	if len(names) > 0 {
		name, names = names[0], names[1:]
	}
	view, err := h.counter.Count(r, name, names...)
	header := w.Header()
	if view.Status == Counted {
		header[StatusHeader] = h.counted
	} else {
		header[StatusHeader] = []string{string(view.Status)}
	}
	if view.Status != SkippedName {
		header["Cache-Control"] = h.noStore
	}
	switch {
	case view.Status == SkippedPrefetch:
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil && !h.counter.opts.ShowUnknown:
		h.counter.opts.Refuse(w, r, err)
	default:
		h.page(w, r, view)
	}
}

// refuse is the default of [Options].Refuse.
func refuse(w http.ResponseWriter, _ *http.Request, _ error) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "The counter of this page can't be reached. Please try again in a moment.", http.StatusServiceUnavailable)
}
