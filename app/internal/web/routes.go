// Package web serves the page: its routes, its handlers and the life of its server.
package web

import (
	"net/http"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/store"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates"
)

// site is what the handlers share.
type site struct {
	views  *counterhttp.Counter
	health *store.Health
	pages  *templates.Pages
	log    *zap.Logger
	debug  bool

	revision string
	stats    bool // whether everybody may look at when the page was viewed
}

// NewHandler returns the handler of the whole program: this package's routes and more. The meter
// observes each request that a route answers; nil measures nothing.
func NewHandler(meter Meter, cfg config.Config, counted counter.Store, health *store.Health, pages *templates.Pages, log *zap.Logger, more ...Route) http.Handler {
	s := &site{
		health: health, pages: pages, log: log,
		debug: cfg.Debug, revision: cfg.Revision,
		stats: cfg.History && cfg.Stats == config.StatsPublic,
	}
	// What store.Open returns bounds its waits by cfg.PageWait.
	s.views = counterhttp.New(counted, counterhttp.Options{Wait: -1, Bot: cfg.Bot(), Refuse: s.storeProblem})
	router := newRouter(append(s.routes(), more...), meter, s.notFound, s.methodNotAllowed)
	return withPath(newFrame(router, log, s.internalProblem)) // not with router.Use, which skips requests that no route matches
}

func (s *site) routes() []Route {
	type methods = respond.Methods
	return []Route{
		{
			Path:    "/",
			Surface: "page",
			Methods: methods{http.MethodGet: s.views.Page(counterhttp.Named(counters.Home), s.home).ServeHTTP},
			Header:  http.Header{"Content-Security-Policy": {s.pages.HomePolicy()}},
		},
		{Path: "/favicon.ico", Methods: methods{http.MethodGet: noIcon}},
		{Path: "/healthz", Methods: methods{http.MethodGet: s.healthz}},
		{Path: "/readyz", Methods: methods{http.MethodGet: s.readyz}},
	}
}
