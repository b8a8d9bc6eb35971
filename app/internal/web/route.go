package web

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"example.com/herokuapp/app/internal/respond"
)

// Route is an address that the program serves. Each package returns its routes, and
// [NewHandler] makes one router of them all.
type Route struct {
	// Path is the address in the syntax of mux, such as "/admin/" or "/api/counters/{name:.+}".
	// The values of its variables are in r.PathValue, with their percent-escapes.
	Path string
	// Surface names the way of counting views that the route is part of, such as "badge", for
	// those who look at views. It is empty if the route counts none.
	Surface string
	// Below makes every address that begins with Path part of the route, unless another route
	// names the address or an earlier one matches it.
	Below bool
	// Methods are the handlers. A request's context ends when the client closes its side of the
	// connection, which it may do while it waits for the answer: work for an answer needs
	// context.WithoutCancel, and a limit of its own.
	Methods respond.Methods
	// Refuse answers every other method. The default is a page that says that the address
	// can only be read.
	Refuse http.HandlerFunc
	// Header is set before anything else and replaces the headers of every answer. A header
	// without values is removed.
	Header http.Header
	// Guard wraps the handlers to decide who may use them. By default everybody may.
	Guard func(http.Handler) http.Handler
}

// router serves routes. It looks up most addresses itself: mux would try a regular
// expression for each route and copy the request twice.
type router struct {
	exact    map[string]http.Handler
	patterns []pattern
	notFound http.Handler
}

// pattern is the address of a route with variables.
type pattern struct {
	handler http.Handler
	// The address of a route with one variable is the variable between prefix and suffix.
	prefix, variable, suffix string
	segment                  bool // the variable contains no slash
	// Other addresses have a mux.Route.
	route *mux.Route
}

// newRouter returns a router of the routes. An address is served by the first route that names
// it, otherwise by the first that matches it, otherwise by notFound. refuse is the default of
// [Route].Refuse. meter measures all of them, unless it is nil.
func newRouter(routes []Route, meter Meter, notFound, refuse http.HandlerFunc) *router {
	rt := &router{exact: map[string]http.Handler{}, notFound: meter.wrap(Route{}, notFound)}
	// A path that is not clean gets 404, not a redirect.
	patterns := mux.NewRouter().SkipClean(true).UseEncodedPath()
	for _, route := range routes {
		if route.Refuse == nil {
			route.Refuse = refuse
		}
		handler := meter.wrap(route, route.handler())
		p := pattern{handler: handler}
		switch {
		case route.Below:
			p.route = patterns.PathPrefix(route.Path)
		case !strings.Contains(route.Path, "{"):
			if _, taken := rt.exact[route.Path]; !taken {
				rt.exact[route.Path] = handler
			}
			continue
		case !p.parse(route.Path):
			p.route = patterns.Path(route.Path)
		}
		rt.patterns = append(rt.patterns, p)
	}
	return rt
}

// parse reads an address with one variable, such as "/pixel/{name:.+}.gif". It returns false
// for any other.
func (p *pattern) parse(path string) bool {
	prefix, rest, _ := strings.Cut(path, "{")
	variable, suffix, ok := strings.Cut(rest, "}")
	variable, expression, _ := strings.Cut(variable, ":")
	if !ok || strings.ContainsAny(suffix, "{}") || expression != "" && expression != ".+" {
		return false
	}
	p.prefix, p.variable, p.suffix, p.segment = prefix, variable, suffix, expression == ""
	return true
}

// match returns whether the pattern has the address. If so, it gives the request the values
// of the variables.
func (p *pattern) match(r *http.Request, path string) bool {
	if p.route != nil {
		var match mux.RouteMatch
		if !p.route.Match(r, &match) {
			return false
		}
		for name, value := range match.Vars {
			r.SetPathValue(name, value)
		}
		return true
	}
	value, ok := strings.CutPrefix(path, p.prefix)
	if ok {
		value, ok = strings.CutSuffix(value, p.suffix)
	}
	if !ok || value == "" || p.segment && strings.Contains(value, "/") {
		return false
	}
	r.SetPathValue(p.variable, value)
	return true
}

// ServeHTTP implements [http.Handler].
func (rt *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if handler, ok := rt.exact[path]; ok {
		handler.ServeHTTP(w, r)
		return
	}
	for i := range rt.patterns {
		if p := &rt.patterns[i]; p.match(r, path) {
			p.handler.ServeHTTP(w, r)
			return
		}
	}
	rt.notFound.ServeHTTP(w, r)
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
		header := w.Header()
		for name, values := range rt.Header {
			if values == nil {
				delete(header, name)
			} else {
				header[name] = values
			}
		}
		handler.ServeHTTP(w, r)
	})
}
