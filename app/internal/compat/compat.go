// Package compat serves the addresses of other counter services, so that moving here takes
// no more than another host in the pages.
//
// [table] has a row for each address: how it names a counter, whether a request counts, which
// parameters it knows, and what the answer looks like. Views are counted by package pageviews,
// as all others are. COMPAT says which services are served.
package compat

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/live"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/web"
	"example.com/herokuapp/templates/badge"
)

// Services are the addresses of other services. They are safe for concurrent use.
type Services struct {
	on       []string // the services that are served
	views    *pageviews.Counter
	counters *counters.Counters
	hub      *live.Hub
	keep     []string // query parameters that are part of a page's address
	sites    counters.Sites
	stats    config.Stats
	drawer   *badge.Drawer
	owner    Owner
}

// Owner tells the owner's requests from those of others.
type Owner interface {
	// IsOwner reports whether a request that only reads is the owner's.
	IsOwner(*http.Request) bool
	// HasToken reports whether the request has the owner's token, as one that changes a counter
	// must. A session does not do: these addresses change counters by GET, so a link on any site
	// would.
	HasToken(*http.Request) bool
}

// New returns the addresses of the services in cfg.Compat. The owner may set counters where the
// service lets its owner do so.
func New(cfg config.Config, counted *pageviews.Counter, hub *live.Hub, all *counters.Counters, owner Owner, drawer *badge.Drawer) *Services {
	return &Services{
		on: cfg.Compat, views: counted, counters: all, hub: hub,
		keep: cfg.KeepQuery, sites: cfg.Sites, stats: cfg.Stats,
		drawer: drawer, owner: owner,
	}
}

// Routes returns the addresses. They must come after this program's own, some of which they
// match, too.
func (s *Services) Routes() []web.Route {
	if len(s.on) == 0 {
		return nil
	}
	// Without an admin site nothing else would keep a service from this address.
	routes := []web.Route{{Path: "/admin/", Below: true, Methods: respond.Methods{http.MethodGet: notFound}, Refuse: notFound}}
	places := map[string]int{}
	for _, row := range table() {
		if !slices.ContainsFunc(row.services, s.serves) {
			continue
		}
		place, ok := places[row.path]
		if !ok {
			place = len(routes)
			places[row.path] = place
			routes = append(routes, web.Route{Path: row.path, Surface: "compat", Methods: respond.Methods{}, Refuse: refuseMethod, Header: header()})
		}
		for _, method := range row.methods() {
			routes[place].Methods[method] = s.handler(row)
		}
	}
	for _, route := range routes[1:] {
		allowed := slices.Sorted(maps.Keys(route.Methods))
		route.Methods[http.MethodOptions] = preflight(strings.Join(allowed, ", "))
	}
	return routes
}

func (s *Services) serves(service string) bool { return slices.Contains(s.on, service) }

// header returns the header of every answer: pages of all sites may read it, and nothing caches
// it.
func header() http.Header {
	h := respond.ImageHeader()
	h.Set("Access-Control-Expose-Headers", strings.Join([]string{"View-Status", "X-Path", "X-Goatcounter", "Set-Bsz-Identity"}, ", "))
	return h
}

// preflight answers the request that a browser sends before one with special headers.
func preflight(methods string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Bsz-Referer")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	}
}

func refuseMethod(w http.ResponseWriter, r *http.Request) {
	respond.WriteProblem(w, http.StatusMethodNotAllowed, r.Method+" is not allowed here; see the header Allow.")
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	respond.WriteProblem(w, http.StatusNotFound, "There is no page at this address.")
}
