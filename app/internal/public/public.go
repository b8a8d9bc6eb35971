// Package public serves the public addresses. A badge, a pixel, a script or an API call
// counts a page anywhere on the web. Badges, the API and streams show its number.
//
// Each surface is in one file. All of them name pages as package counters does and count
// with package pageviews.
package public

import (
	"net/http"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/live"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/web"
	"example.com/herokuapp/templates"
	"example.com/herokuapp/templates/badge"
	"example.com/herokuapp/templates/embed"
)

// Surfaces are the public addresses. They are safe for concurrent use.
type Surfaces struct {
	counters *counters.Counters
	views    *pageviews.Counter
	keep     []string // query parameters that are part of a page's address
	sites    counters.Sites
	hub      *live.Hub
	drawer   *badge.Drawer
	pages    *templates.Pages
	isOwner  func(*http.Request) bool
	script   []byte
	stats    config.Stats // who may look at histories
	history  bool         // whether there are histories
	noStore  []string     // the value of a header, shared by all answers
}

// New returns the surfaces of all counters. isOwner reports whether a request is the
// owner's.
func New(cfg config.Config, counted *pageviews.Counter, hub *live.Hub, all *counters.Counters, isOwner func(*http.Request) bool, drawer *badge.Drawer, pages *templates.Pages) *Surfaces {
	return &Surfaces{
		counters: all,
		views:    counted,
		keep:     cfg.KeepQuery,
		sites:    cfg.Sites,
		hub:      hub,
		drawer:   drawer,
		pages:    pages,
		isOwner:  isOwner,
		script:   embed.Script(cfg.KeepQuery),
		stats:    cfg.Stats,
		history:  cfg.History,
		noStore:  []string{"no-store"},
	}
}

// Routes returns the public addresses.
func (s *Surfaces) Routes() []web.Route {
	type methods = respond.Methods
	header := s.crossOriginHeader()
	api := func(path string, m methods) web.Route {
		m[http.MethodOptions] = s.preflight
		return web.Route{Path: path, Surface: "api", Methods: m, Refuse: s.refuseMethod, Header: header, Guard: s.crossOrigin}
	}
	image := func(path, surface string, handler http.HandlerFunc) web.Route {
		return web.Route{Path: path, Surface: surface, Methods: methods{http.MethodGet: handler}, Header: respond.ImageHeader()}
	}
	routes := []web.Route{
		api("/api/v1/views", methods{http.MethodGet: s.readSeveral}),
		api("/api/v1/views/{name:.+}", methods{http.MethodGet: s.readOne, http.MethodPost: s.countOne}),
		api("/api/v1/sites/{host}", methods{http.MethodGet: s.readSite}),
		api("/api/v1/history", methods{http.MethodGet: s.readHistory}),
		api("/api/v1/history/{name:.+}", methods{http.MethodGet: s.readHistory}),
		api("/events", methods{http.MethodGet: s.eventsHome}),
		api("/events/{name:.+}", methods{http.MethodGet: s.events}),
		api("/embed.js", methods{http.MethodGet: s.embed}),
		api("/badge.json", methods{http.MethodGet: s.endpointHome}),
		api("/badge/{name:.+}.json", methods{http.MethodGet: s.endpoint}),
		image("/badge.svg", "badge", s.badgeHome),
		image("/badge/{name:.+}.svg", "badge", s.badge),
		image("/chart.svg", "", s.drawChart),
		image("/chart/{name:.+}.svg", "", s.drawChart),
		image("/pixel/{name:.+}.gif", "pixel", s.pixel),
		api("/api/openapi.yaml", methods{http.MethodGet: s.describe}),
		{Path: "/api/v1/", Below: true, Refuse: nothingHere, Header: header, Guard: s.crossOrigin},
	}
	return append(routes, s.statsRoutes("/stats", s.showStats)...)
}

// page returns the page that the variable "name" of the request's path names.
func (s *Surfaces) page(r *http.Request) (counters.Page, error) {
	address, err := counters.UnescapePage(r.PathValue("name"))
	if err != nil {
		return counters.Page{}, err
	}
	return counters.ParsePage(address, s.keep)
}
