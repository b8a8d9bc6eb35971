package web

import (
	"maps"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"example.com/herokuapp/app/internal/respond"
)

// Route is an address that the program serves. Each package returns its routes, and
// [NewHandler] makes one router of them all.
type Route struct {
	// Path is the address in mux's syntax, such as "/admin/" or "/api/counters/{name:.+}".
	// Its variables keep their percent-escapes.
	Path string
	// Below makes every address that begins with Path part of the route, unless another route
	// names the address or an earlier one matches it.
	Below bool
	// Methods are the handlers.
	Methods respond.Methods
	// Refuse answers every other method. The default is a page that says that the address
	// can only be read.
	Refuse http.HandlerFunc
	// Header is set before anything else and replaces the headers of every answer.
	Header http.Header
	// Guard wraps the handlers to decide who may use them. By default everybody may.
	Guard func(http.Handler) http.Handler
}

// router serves routes. It looks up addresses without variables itself: mux would try a
// regular expression for each route and copy the request twice.
type router struct {
	exact    map[string]http.Handler
	patterns *mux.Router
}

// newRouter returns a router of the routes. An address is served by the route that names it,
// otherwise by the first that matches it, otherwise by notFound. refuse is the default of
// [Route].Refuse.
func newRouter(routes []Route, notFound, refuse http.HandlerFunc) *router {
	// A path that is not clean gets 404, not a redirect.
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
