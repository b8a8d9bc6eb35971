package compat_test

import (
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/sitetest"
	countermemory "example.com/herokuapp/counter-memory"
)

// Only the services that are named are served, and none by default.
func TestOnlyNamedServices(t *testing.T) {
	for _, e := range examples() {
		cfg := newConfig()
		cfg.Compat = nil
		kept := countermemory.New()
		method := e.method
		if method == "" {
			method = "GET"
		}
		if w := sitetest.Send(newSite(t, cfg, kept), method, e.target, e.body, e.headers...); w.Code != 404 && w.Code != 405 || len(sitetest.Values(t, kept)) > 0 {
			t.Errorf("%s: %d %s", e.target, w.Code, w.Body)
		}
	}
	for service, target := range map[string]string{"ghpvc": "/ghpvc/?username=a", "countapi": "/hit/abc", "abacus": "/hit/abc", "dwyl": "/a/b.svg", "hits.sh": "/a.b/c.svg"} {
		site := newSite(t, newConfig(service), countermemory.New())
		if w := sitetest.Ask(site, "GET", target); w.Code != 200 {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
		if w := sitetest.Ask(site, "GET", "/badge?page_id=a"); w.Code != 404 {
			t.Errorf("%s serves the address of another: %d", service, w.Code)
		}
	}
}

// No service takes an address of this program's own.
func TestOwnAddressesComeFirst(t *testing.T) {
	kept := countermemory.New()
	cfg := newConfig()
	cfg.History = true
	site := newSite(t, cfg, kept)
	for target, want := range map[string]int{
		"/": 200, "/healthz": 200, "/readyz": 200, "/favicon.ico": 204, "/admin/": 404, "/admin/x.svg": 404, "/admin/count.svg": 404,
		"/api/v1/views": 200, "/api/v1/views/a.b/count.svg": 200, "/badge.svg": 200, "/badge.json": 200, "/embed.js": 200, "/api/openapi.yaml": 200,
		"/stats": 200, "/stats/a.b/count.svg": 200, "/chart.svg": 200, "/chart/a.b/count.svg": 200, "/api/v1/history": 200, "/api/v1/history/a.b/count.svg": 200,
	} {
		if w := sitetest.Ask(site, "GET", target); w.Code != want || w.Header().Get("Access-Control-Expose-Headers") == "View-Status, X-Path, X-Goatcounter, Set-Bsz-Identity" {
			t.Errorf("%s: %d %v; want %d", target, w.Code, w.Header(), want)
		}
	}
	sitetest.Ask(site, "GET", "/badge/a.b/count.svg")
	sitetest.Ask(site, "GET", "/pixel/a.b/c.gif")
	for name := range sitetest.Values(t, kept) {
		switch name {
		case "counter_key", "views:a.b/count", "views:a.b/c", "site:a.b":
		default:
			t.Errorf("%s is counted", name)
		}
	}
}

func TestMethods(t *testing.T) {
	kept := countermemory.New()
	site := newSite(t, newConfig(), kept)
	for _, e := range examples() {
		if w := sitetest.Ask(site, "DELETE", e.target); w.Code != 405 || !strings.HasPrefix(w.Header().Get("Allow"), "GET, HEAD, OPTIONS") {
			t.Errorf("DELETE %s: %d, Allow: %q", e.target, w.Code, w.Header().Get("Allow"))
		}
		if w := sitetest.Ask(site, "HEAD", e.target, e.headers...); w.Header().Get("View-Status") == "counted" {
			t.Errorf("HEAD %s counts", e.target)
		}
		w := sitetest.Ask(site, "OPTIONS", e.target, "Origin", "https://blog.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-bsz-referer")
		if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "X-Bsz-Referer") {
			t.Errorf("OPTIONS %s: %d %v", e.target, w.Code, w.Header())
		}
	}
	if found := sitetest.Values(t, kept); len(found) > 0 {
		t.Errorf("%v are counted", found)
	}
	if w := sitetest.Ask(site, "POST", "/ghpvc/?username=a", "User-Agent", camo); w.Code != 405 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
