package web

import (
	"maps"
	"net/http"

	"github.com/gorilla/mux"

	"example.com/herokuapp/app/internal/respond"
)

// Route is an address that the program serves, as a value: each package returns its
// own, and [NewHandler] makes one router of them.
type Route struct {
	// Path is the address, as mux reads it: "/admin/", "/api/counters/{name:.+}". Its
	// variables are as they were sent, percent-escapes included.
	Path string
	// Below says that every address that begins with Path belongs to the route, unless an
	// earlier one has it.
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

// newRouter serves the routes. The first that has an address gets it, notFound what
// none has.
func newRouter(routes []Route, notFound, refuse http.HandlerFunc) *mux.Router {
	// A path that is not quite right is 404, not a redirect.
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	router.NotFoundHandler = notFound
	for _, route := range routes {
		if route.Refuse == nil {
			route.Refuse = refuse
		}
		if route.Below {
			router.PathPrefix(route.Path).Handler(route.handler())
		} else {
			router.Handle(route.Path, route.handler())
		}
	}
	return router
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
