// Package web serves the page: its routes, its handlers and the life of its server.
package web

import (
	"context"
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

// home shows how often it was viewed. Content-Type and Content-Length are net/http's: it
// knows them without an entry in the map of headers, which is a single small block of
// memory up to eight entries, and several from the ninth on.
func (s *site) home(w http.ResponseWriter, _ *http.Request, view counterhttp.View) {
	_, _ = w.Write(s.pages.Home(templates.Home{Views: view.Number, AtLeast: view.AtLeast, Stats: s.stats})) // the visitor may have left
}

func noIcon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.WriteHeader(http.StatusNoContent)
}

// health is the answer of /healthz and /readyz. Strangers can read it, so it does not say
// why the store does not answer, where it is or what endangers it: the log and the admin
// site do.
type health struct {
	Status   string `json:"status"`             // "ok" or "unavailable"
	Revision string `json:"revision,omitempty"` // of the program
}

// healthz says that the process serves. It does not look at the store, because restarting the
// process would not mend it.
func (s *site) healthz(w http.ResponseWriter, r *http.Request) {
	s.writeHealth(w, r, http.StatusOK, health{Status: "ok", Revision: s.revision})
}

// readyz says whether the store answers.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) {
	if s.health.Ping(context.WithoutCancel(r.Context())) != nil { // which logs why
		s.writeHealth(w, r, http.StatusServiceUnavailable, health{Status: "unavailable"})
		return
	}
	s.writeHealth(w, r, http.StatusOK, health{Status: "ok"})
}

func (s *site) writeHealth(w http.ResponseWriter, r *http.Request, status int, body health) {
	w.Header().Set("Cache-Control", "no-store")
	if err := respond.JSON(w, status, "application/json", body); err != nil {
		s.internalProblem(w, r, err)
	}
}
