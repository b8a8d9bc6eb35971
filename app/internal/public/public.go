// Package public serves what everybody may ask for: pages elsewhere are counted by a
// badge, a pixel, a script or a call of the API, and their numbers read, drawn and
// streamed.
//
// A surface is one file. All of them name a page as package counters does, and count
// it by [Surfaces.count].
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
	views    *counterhttp.Counter // of pages elsewhere
	keep     []string             // parameters that choose a page
	sites    counters.Sites
	quota    *counters.Quota
	limit    *client.Budget[clientPage] // nil: without limit
	proxies  client.Proxies
	hub      *live.Hub
	drawer   *badge.Drawer
	isOwner  func(*http.Request) bool
	script   []byte
	log      *zap.Logger
}

// clientPage is a page that a client looks at.
type clientPage struct {
	client netip.Prefix
	page   string
}

// maxClients is how many pages and their clients are remembered for the rate limit.
const maxClients = 100_000

// New returns the surfaces of the counters in a store. isOwner tells the owner's requests.
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

// Start does what is done in the background, until Stop. It returns at once.
func (s *Surfaces) Start() {
	if s.sites.Any() {
		s.log.Info("pages of every site are counted; SITES names those that should be")
	}
	s.quota.Start()
}

// Stop lets every listener go.
func (s *Surfaces) Stop() {
	s.hub.Close()
	s.quota.Stop()
}

// Routes returns the addresses.
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
