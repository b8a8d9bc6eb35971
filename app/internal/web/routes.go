// Package web serves the page: its routes, its handlers and the life of its server.
package web

import (
	"net/http"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/store"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates"
)

// site is what the handlers share.
type site struct {
	store  counter.Store
	health *store.Health
	pages  *templates.Pages
	log    *zap.Logger
	debug  bool

	pageWait time.Duration
	revision string
}

// NewHandler returns all that the program serves: its own routes, and more.
func NewHandler(cfg config.Config, counters counter.Store, health *store.Health, pages *templates.Pages, log *zap.Logger, more ...Route) http.Handler {
	s := &site{
		store: counters, health: health, pages: pages, log: log,
		debug: cfg.Debug, pageWait: cfg.PageWait, revision: cfg.Revision,
	}
	router := newRouter(append(s.routes(), more...), s.notFound, s.methodNotAllowed)
	return newFrame(router, log, s.internalProblem) // not by router.Use, which leaves out what no route matches
}

func (s *site) routes() []Route {
	type methods = respond.Methods
	return []Route{
		{Path: "/", Methods: methods{http.MethodGet: s.counted(HomeCounter, s.home)}},
		{Path: "/favicon.ico", Methods: methods{http.MethodGet: noIcon}},
		{Path: "/healthz", Methods: methods{http.MethodGet: s.healthz}},
		{Path: "/readyz", Methods: methods{http.MethodGet: s.readyz}},
	}
}

// counted returns the page with its views counted under the name.
func (s *site) counted(name string, page http.HandlerFunc) http.HandlerFunc {
	return counterhttp.Handler(s.store, counterhttp.Named(name), page,
		counterhttp.Options{Wait: s.pageWait, Refuse: s.storeProblem}).ServeHTTP
}
