// Package public serves the public addresses. A badge, a pixel, a script or an API call
// counts a page anywhere on the web. Badges, the API and streams show its number.
//
// Each surface is in one file. All of them name pages as package counters does and count
// with [Surfaces.count].
package public

import (
	"net/http"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/client"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/live"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates/badge"
	"example.com/herokuapp/templates/embed"
)

// Surfaces are the public addresses. They are safe for concurrent use.
type Surfaces struct {
	counters *counters.Counters
	views    *counterhttp.Counter // counts pages elsewhere
	keep     []string             // query parameters that are part of a page's address
	sites    counters.Sites
	quota    *counters.Quota
	limit    *client.Budget[clientPage] // nil if there is no limit
	proxies  client.Proxies
	hub      *live.Hub
	drawer   *badge.Drawer
	isOwner  func(*http.Request) bool
	script   []byte
	log      *zap.Logger
}

// clientPage is a client and a page that it views.
type clientPage struct {
	client netip.Prefix
	page   string
}

// maxClients is how many pairs of a client and a page the rate limit remembers.
const maxClients = 100_000

// New returns the surfaces of the counters in a store. isOwner reports whether a request is
// the owner's.
func New(cfg config.Config, store counter.Store, all *counters.Counters, isOwner func(*http.Request) bool, drawer *badge.Drawer, log *zap.Logger) *Surfaces {
	options := counterhttp.Options{
		Wait:    -1, // what store.Open returns bounds its waits by cfg.PageWait
		Methods: []string{http.MethodGet, http.MethodPost}, Embedded: true, Bot: cfg.Bot(),
	}
	s := &Surfaces{
		counters: all,
		views:    counterhttp.New(store, options),
		keep:     cfg.KeepQuery,
		sites:    cfg.Sites,
		quota:    counters.NewQuota(store, cfg.MaxCounters),
		proxies:  cfg.TrustedProxies,
		hub:      live.NewHub(store.Get, cfg.MaxListeners),
		drawer:   drawer,
		isOwner:  isOwner,
		script:   embed.Script(cfg.KeepQuery),
		log:      log,
	}
	if cfg.RateLimit > 0 {
		s.limit = client.NewBudget[clientPage](cfg.RateLimit, time.Minute, maxClients)
	}
	return s
}

// Start starts the work in the background, which lasts until Stop. It returns at once.
func (s *Surfaces) Start() {
	if s.sites.Any() {
		s.log.Info("pages of every site are counted; set SITES to count only some")
	}
	s.quota.Start()
}

// Stop ends the streams of all listeners and the work in the background.
func (s *Surfaces) Stop() {
	s.hub.Close()
	s.quota.Stop()
}

// Routes returns the public addresses.
func (s *Surfaces) Routes() []web.Route {
	type methods = respond.Methods
	api := func(path string, m methods) web.Route {
		m[http.MethodOptions] = s.preflight
		return web.Route{Path: path, Methods: m, Refuse: s.refuseMethod, Guard: s.crossOrigin}
	}
	image := func(path string, handler http.HandlerFunc) web.Route {
		return web.Route{Path: path, Methods: methods{http.MethodGet: handler}, Header: imageHeader()}
	}
	return []web.Route{
		api("/api/v1/views", methods{http.MethodGet: s.readSeveral}),
		api("/api/v1/views/{name:.+}", methods{http.MethodGet: s.readOne, http.MethodPost: s.countOne}),
		api("/api/v1/sites/{host}", methods{http.MethodGet: s.readSite}),
		api("/events/{name:.+}", methods{http.MethodGet: s.events}),
		api("/embed.js", methods{http.MethodGet: s.embed}),
		api("/badge.json", methods{http.MethodGet: s.endpointHome}),
		api("/badge/{name:.+}.json", methods{http.MethodGet: s.endpoint}),
		image("/badge.svg", s.badgeHome),
		image("/badge/{name:.+}.svg", s.badge),
		image("/pixel/{name:.+}.gif", s.pixel),
		api("/api/openapi.yaml", methods{http.MethodGet: s.describe}),
	}
}
