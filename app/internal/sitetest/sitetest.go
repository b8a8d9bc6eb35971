// Package sitetest builds the program's handler in tests, from the parts that package main
// provides, and sends requests to it.
package sitetest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/compat"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/live"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/public"
	"example.com/herokuapp/app/internal/store"
	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
	"example.com/herokuapp/templates/badge"
)

// Browser is the User-Agent of a person's browser.
const Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// Token and Session are the owner's: a request with the one in the header Authorization, or the
// other in the header Cookie, is the owner's.
const (
	Token   = "the owner's token"
	Session = "session=of-the-owner"
)

// owner knows the owner.
type owner struct{}

func (owner) HasToken(r *http.Request) bool { return r.Header.Get("Authorization") == Token }

func (o owner) IsOwner(r *http.Request) bool {
	return o.HasToken(r) || r.Header.Get("Cookie") == Session
}

// Parts are what the program's handler is made of. None works in the background until the test
// starts it.
type Parts struct {
	Config   config.Config
	Store    counter.Store
	Health   *store.Health
	Counters *counters.Counters
	Views    *pageviews.Counter
	Hub      *live.Hub
	Pages    *templates.Pages
	Drawer   *badge.Drawer
	Log      *zap.Logger
}

// New returns the parts over a store that has these dangers. They are closed when the test ends;
// the store is not.
func New(tb testing.TB, cfg config.Config, kept counter.Store, log *zap.Logger, dangers ...string) *Parts {
	tb.Helper()
	drawer, err := badge.NewDrawer()
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := templates.New()
	if err != nil {
		tb.Fatal(err)
	}
	all := counters.New(kept, cfg.ImportLimit, log)
	hub := live.NewHub(all.Counted().Get, cfg.MaxListeners)
	tb.Cleanup(hub.Close)
	return &Parts{
		cfg, kept, store.NewHealth(kept, log, dangers...), all, pageviews.New(cfg, all.Counted(), log),
		hub, pages, drawer, log,
	}
}

// Surfaces returns the public addresses.
func (p *Parts) Surfaces() *public.Surfaces {
	return public.New(p.Config, p.Views, p.Hub, p.Counters, owner{}.IsOwner, p.Drawer, p.Pages)
}

// Services returns the addresses of other services.
func (p *Parts) Services() *compat.Services {
	return compat.New(p.Config, p.Views, p.Hub, p.Counters, owner{}, p.Drawer)
}

// Handler returns the handler of the home page and of the routes.
func (p *Parts) Handler(routes ...web.Route) http.Handler {
	return web.NewHandler(nil, p.Config, p.Store, p.Health, p.Pages, p.Log, routes...)
}

// Ask sends a request by a browser, without a body. The headers are given as name, value, name,
// value and so on.
func Ask(site http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	return Send(site, method, target, "", headers...)
}

// Send is [Ask] with a body.
func Send(site http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	r.Header.Set("User-Agent", Browser)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

// WantProblem fails the test unless the answer is a problem with this status. It returns the
// problem's detail.
func WantProblem(tb testing.TB, w *httptest.ResponseRecorder, status int) (detail string) {
	tb.Helper()
	var problem struct {
		Type, Title, Detail string
		Status              int
	}
	err := json.Unmarshal(w.Body.Bytes(), &problem)
	if err != nil || w.Code != status || problem.Status != status || problem.Type != "about:blank" || problem.Title != http.StatusText(status) ||
		problem.Detail == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		tb.Errorf("%d %v %s; want a problem with %d", w.Code, w.Header(), w.Body, status)
	}
	return problem.Detail
}
