package compat_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
)

// The rules for pages elsewhere hold for the addresses of services, too.
func TestRules(t *testing.T) {
	sites, err := counters.ParseSites("a.example,www.a.example=a.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		target  string
		headers []string
		status  string
		counted map[string]int64
	}{
		{"/api/count/incr/badge.svg?url=https://www.A.example:443/x/index.html?y%23z", nil, "counted", map[string]int64{"views:a.example/x": 1, "site:a.example": 1}},
		{"/api/count/incr/badge.svg?url=b.example/x", nil, "skipped;reason=site", nil},
		{"/b.example/x.svg", nil, "skipped;reason=site", nil},
		{"/busuanzi?jsonpCallback=f", []string{"Referer", "https://b.example/"}, "skipped;reason=site", nil},
		{"/hit/abc", nil, "counted", map[string]int64{"views:countapi/default/abc": 1}}, // a key has no site
		{"/hit/abc", []string{"User-Agent", "Googlebot/2.1"}, "skipped;reason=bot", nil},
		{"/a.example/x.svg", []string{"Sec-Purpose", "prefetch"}, "skipped;reason=prefetch", nil},
		{"/api/hit?url=a.example/?p=7%26q=8", nil, "counted", map[string]int64{"views:a.example/?p=7": 1, "site:a.example": 1}},
	} {
		kept := countermemory.New()
		cfg := newConfig()
		cfg.Sites, cfg.KeepQuery = sites, []string{"p"}
		w := sitetest.Ask(newSite(t, cfg, kept), "GET", test.target, test.headers...)
		if w.Header().Get("View-Status") != test.status || !maps.Equal(sitetest.Values(t, kept), test.counted) {
			t.Errorf("%s: %q %s, counted are %v; want %q, %v", test.target, w.Header().Get("View-Status"), w.Body, sitetest.Values(t, kept), test.status, test.counted)
		}
	}
}

// One client can't raise a number as it likes; a proxy that hides many can.
func TestRateLimit(t *testing.T) {
	cfg := newConfig()
	cfg.RateLimit = 2
	kept := countermemory.New()
	site := newSite(t, cfg, kept)
	for range 5 {
		sitetest.Ask(site, "GET", "/hit/abc")
		sitetest.Ask(site, "GET", "/a.example/x.svg")
		sitetest.Ask(site, "GET", "/api/count/incr/badge.svg?url=a.example/x") // the same page
		sitetest.Ask(site, "GET", "/ghpvc/?username=octocat", "User-Agent", camo)
	}
	if w := sitetest.Ask(site, "GET", "/hit/abc"); w.Header().Get("View-Status") != "skipped;reason=rate" || w.Body.String() != `{"value":2}` {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	want := map[string]int64{"views:countapi/default/abc": 2, "views:a.example/x": 2, "site:a.example": 2, "views:ghpvc/octocat": 5}
	sitetest.WantValues(t, kept, want)
}

// The owner sets and raises numbers, where the service let its owner do so.
func TestOwner(t *testing.T) {
	kept := countermemory.New()
	site := newSite(t, newConfig(), kept)
	for _, step := range []struct {
		target, want string
		status       int
	}{
		{"/set/abc?value=41", `{"old_value":0,"value":41}`, 200},
		{"/set/abc?value=7", `{"old_value":41,"value":7}`, 200},
		{"/update/abc?amount=3", `{"value":10}`, 200},
		{"/update/abc?amount=-3", `{"value":null,"error":"\"-3\" is not a whole number from 1 to 9223372036854775807"}`, 400},
		{"/set/abc", `{"value":null,"error":"\"\" is not a whole number from 0 to 9223372036854775807"}`, 400},
		{"/set/abc?value=1&callback=f", `f({"old_value":10,"value":1})`, 200},
		{"/v1/ns/name/set?count=5", `{"id":null,"name":"name","count":5,"created_at":null,"updated_at":null,"namespace_id":null,"namespace":{"name":"ns"}}`, 200},
		{"/v1/ns/name/down", `{"code":403,"message":"nobody may do this here"}`, 403},
	} {
		if w := sitetest.Ask(site, "GET", step.target, "Authorization", sitetest.Token); w.Code != step.status || w.Body.String() != step.want {
			t.Errorf("%s: %d %s; want %d %s", step.target, w.Code, w.Body, step.status, step.want)
		}
	}
	if w := sitetest.Ask(site, "HEAD", "/set/abc?value=9", "Authorization", sitetest.Token); w.Code != http.StatusForbidden {
		t.Errorf("HEAD: %d %s", w.Code, w.Body)
	}
	// A link on another site can send the session, and must not change anything.
	for _, target := range []string{"/set/abc?value=9", "/update/abc?amount=9", "/v1/ns/name/set?count=9", "/v1/ns/name/down"} {
		for _, method := range []string{"GET", "HEAD"} {
			if w := sitetest.Ask(site, method, target, "Cookie", sitetest.Session); w.Code != http.StatusForbidden {
				t.Errorf("%s %s with a session: %d %s", method, target, w.Code, w.Body)
			}
		}
	}
	want := map[string]int64{"views:countapi/default/abc": 1, "views:counterapi/ns/name": 5}
	sitetest.WantValues(t, kept, want)
}

// A page that several services count has one number, which each view raises by one.
func TestOnePageHasOneNumber(t *testing.T) {
	kept := coalesce.New(countermemory.New(), coalesce.Options{Wait: time.Minute})
	site := newSite(t, newConfig(), kept)
	targets := []string{
		"/api/count/incr/badge.svg?url=https://a.example/x", "/a.example/x.svg", "/api/hit?url=a.example/x/", "/busuanzi?jsonpCallback=f&url=a.example/x",
		"/jsonp?callback=f&url=http://a.example/x", "/badge/a.example/x.svg", "/pixel/a.example/x.gif",
	}
	const each = 30
	var asking sync.WaitGroup
	for _, target := range targets {
		for range each {
			asking.Go(func() {
				if w := sitetest.Ask(site, "GET", target); w.Header().Get("View-Status") != "counted" {
					t.Errorf("%s: %v", target, w.Header())
				}
			})
		}
	}
	asking.Wait()
	total := int64(each * len(targets))
	want := map[string]int64{"views:a.example/x": total, "site:a.example": total}
	sitetest.WantValues(t, kept, want)
}

// goatcounter's paths are of the only site in SITES, whatever the Referer is.
func TestPathsOfTheOnlySite(t *testing.T) {
	sites, err := counters.ParseSites("blog.example")
	if err != nil {
		t.Fatal(err)
	}
	kept := countermemory.New()
	cfg := newConfig()
	cfg.Sites = sites
	site := newSite(t, cfg, kept)
	sitetest.Ask(site, "GET", "/count?p=/a")
	sitetest.Ask(site, "GET", "/count?p=//a?q", "Referer", "https://evil.example/")
	want := map[string]int64{"views:blog.example/a": 2, "site:blog.example": 2}
	sitetest.WantValues(t, kept, want)
	if w := sitetest.Ask(site, "GET", "/counter/TOTAL.html"); w.Body.String() != `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>views</title><p><span>2</span> views</p>` ||
		w.Header().Get("X-Frame-Options") != "" || strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors") {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	bad := sitetest.Ask(newSite(t, newConfig(), kept), "GET", "/count?p=/a")
	if bad.Code != 400 || bad.Header().Get("X-Goatcounter") != "neither SITES nor a Referer says whose path it is" {
		t.Errorf("%d %v", bad.Code, bad.Header())
	}
}

func TestStream(t *testing.T) {
	kept := countermemory.New()
	site := newSite(t, newConfig(), kept)
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/stream/octo/visits", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", answer.Header)
	}
	lines := bufio.NewScanner(answer.Body)
	for n := range 3 {
		data := ""
		for data == "" && lines.Scan() {
			data, _ = strings.CutPrefix(lines.Text(), ":")
		}
		if want := fmt.Sprintf(`data: {"value":%d}`, n); data != want {
			t.Fatalf("%s; want %s", data, want)
		}
		sitetest.Ask(site, "GET", "/hit/octo/visits")
	}
}
