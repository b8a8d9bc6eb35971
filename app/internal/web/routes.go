// Package web serves the page: its routes, its handlers and the life of its server.
package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/auth"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/safety"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates"
)

// site is what the handlers share.
type site struct {
	store counter.Store
	watch *safety.Watch
	pages *templates.Pages
	log   *zap.Logger
	debug bool

	pageWait time.Duration
	revision string
}

// NewHandler returns all that the program serves. What admin serves is behind the
// gate, and not there where the gate is not enabled.
func NewHandler(cfg config.Config, store counter.Store, watch *safety.Watch, pages *templates.Pages,
	gate *auth.Gate, admin http.Handler, log *zap.Logger,
) http.Handler {
	s := &site{
		store: store, watch: watch, pages: pages, log: log,
		debug: cfg.Debug, pageWait: cfg.PageWait, revision: cfg.Revision,
	}

	router := mux.NewRouter().SkipClean(true) // a path that is not quite right is 404, not a redirect
	router.NotFoundHandler = http.HandlerFunc(s.notFound)
	s.route(router, "/", s.counted(HomeCounter, s.home))
	s.route(router, "/favicon.ico", http.HandlerFunc(noIcon))
	s.route(router, "/healthz", http.HandlerFunc(s.healthz))
	s.route(router, "/readyz", http.HandlerFunc(s.readyz))
	if gate.Enabled() {
		routeAdmin(router, gate, admin)
	}

	// From the outside in. Not by router.Use, which leaves out what no route matches.
	return withRequestID(withAccessLog(log, withSecurityHeaders(s.withRecovery(router))))
}

// routeAdmin serves the admin site, at paths that are as any other while it is off.
func routeAdmin(router *mux.Router, gate *auth.Gate, admin http.Handler) {
	router.Handle(strings.TrimSuffix(auth.Root, "/"), gate.Guard(admin))
	router.Handle(auth.LoginPath, gate.Guard(gate.Login()))
	router.Handle(auth.LogoutPath, gate.Guard(gate.Logout()))
	router.PathPrefix(auth.Root).Handler(gate.Guard(admin))
}

// counted returns the page with its views counted under the name.
func (s *site) counted(name string, page http.HandlerFunc) http.Handler {
	return counterhttp.Handler(s.store, counterhttp.Named(name), page,
		counterhttp.Options{Wait: s.pageWait, Refuse: s.storeProblem})
}

// route serves path by handler for GET and HEAD, and tells any other method
// what is allowed, which mux's own 405 leaves out.
func (s *site) route(router *mux.Router, path string, handler http.Handler) {
	allowed := []string{http.MethodGet, http.MethodHead}
	router.Handle(path, handler).Methods(allowed...)
	router.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.methodNotAllowed(w, r)
	})
}
