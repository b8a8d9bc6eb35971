package web

import (
	"maps"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"example.com/herokuapp/app/internal/respond"
)

// Route is an address that the program serves, as a value: each package returns its
// own, and [NewHandler] makes one router of them.
type Route struct {
	// Path is the address, as mux reads it: "/admin/", "/api/counters/{name:.+}". Its
	// variables are as they were sent, percent-escapes included.
	Path string
	// Below says that every address that begins with Path belongs to the route, unless another
	// names it or an earlier one matches it.
	Below bool
	// Methods has the handlers.
	Methods respond.Methods
	// Refuse answers every other method. By default a page says that the address can
	// only be read.
	Refuse http.HandlerFunc
	// Header is set before anything else, in place of what every answer has.
	Header http.Header
	// Guard decides who is let in, by what it wraps around the handlers. By default
	// everybody is.
	Guard func(http.Handler) http.Handler
}

// router serves routes. An address without variables is looked up: mux would try a regular
// expression for each route in turn and copy the request twice.
type router struct {
	exact    map[string]http.Handler
	patterns *mux.Router
}

// newRouter serves the routes: an address by the route that names it, else by the first
// that matches it, else by notFound. refuse answers methods for routes that don't.
func newRouter(routes []Route, notFound, refuse http.HandlerFunc) *router {
	// A path that is not quite right is 404, not a redirect.
	rt := &router{exact: map[string]http.Handler{}, patterns: mux.NewRouter().SkipClean(true).UseEncodedPath()}
	rt.patterns.NotFoundHandler = notFound
	for _, route := range routes {
		if route.Refuse == nil {
			route.Refuse = refuse
		}
		switch handler := route.handler(); {
		case route.Below:
			rt.patterns.PathPrefix(route.Path).Handler(handler)
		case strings.Contains(route.Path, "{"):
			rt.patterns.Handle(route.Path, handler)
		default:
			rt.exact[route.Path] = handler
		}
	}
	return rt
}

// ServeHTTP implements [http.Handler].
func (rt *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handler, ok := rt.exact[r.URL.EscapedPath()]; ok {
		handler.ServeHTTP(w, r)
		return
	}
	rt.patterns.ServeHTTP(w, r)
}

func (rt Route) handler() http.Handler {
	handler := rt.Methods.Handler(rt.Refuse)
	if rt.Guard != nil {
		handler = rt.Guard(handler)
	}
	if rt.Header == nil {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), rt.Header)
		handler.ServeHTTP(w, r)
	})
}
