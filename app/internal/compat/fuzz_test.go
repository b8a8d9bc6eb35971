package compat_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/sitetest"
	countermemory "example.com/herokuapp/counter-memory"
)

// claims reports whether an answer is one of the services'.
func claims(w *httptest.ResponseRecorder) bool {
	return strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "X-Path")
}

// get asks for a path, in escaped form. It returns nil if no request can have it.
func get(site http.Handler, target string) *httptest.ResponseRecorder {
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Host != "" || !strings.HasPrefix(target, "/") {
		return nil
	}
	r := &http.Request{Method: http.MethodGet, URL: u, Host: "views.example", Header: http.Header{"User-Agent": {sitetest.Browser}}, Body: http.NoBody}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

// byForm are services whose addresses begin with no word of their own. They leave an address
// to those that do, and share the others by the order of the table.
func byForm() []string { return []string{"profile-counter", "hits.sh", "dwyl"} }

// together are services that have an address in common.
func together() [][]string { return [][]string{{"abacus", "countapi"}, {"soxft", "vercount"}} }

// FuzzPaths: whatever the path, the answer is whole, at most one view is counted, and no two
// services have it that are not meant to.
func FuzzPaths(f *testing.F) {
	for _, e := range examples() {
		f.Add(e.target)
	}
	for _, text := range hostileTexts() {
		f.Add("/" + url.PathEscape(text) + ".svg")
		f.Add("/get/" + url.PathEscape(text))
		f.Add("/busuanzi/" + url.PathEscape(text) + ".js")
	}
	f.Add("/get/%40a")
	f.Add("/%40a/b.svg")
	f.Add("/counter/a.svg")
	f.Add("/api/count/incr/badge.svg")
	f.Add("/v1/a/b/up/")
	f.Add("/hit/a/b/c/shield")
	f.Add("/js/count.svg")
	kept := countermemory.New()
	log := zap.NewNop()
	each := map[string]http.Handler{}
	for _, service := range config.Services() {
		each[service] = newSiteWith(f, unlimited(service), kept, log)
	}
	all := newSiteWith(f, unlimited(), kept, log)
	f.Fuzz(func(t *testing.T, target string) {
		path, _, _ := strings.Cut(target, "?")
		if strings.HasPrefix(path, "/stream/") || strings.HasPrefix(path, "/events/") {
			return // has no end
		}
		sum := func() (sum int64) {
			for name, value := range sitetest.Values(t, kept) {
				if strings.HasPrefix(name, "views:") {
					sum += value
				}
			}
			return sum
		}
		before := sum()
		w := get(all, target)
		if w == nil {
			return
		}
		if w.Code >= 500 || claims(w) && !whole(w) || sum() > before+1 {
			t.Errorf("%q: %d %v %q; %d are counted", target, w.Code, w.Header(), w.Body, sum()-before)
		}
		if claims(w) {
			wantOwnNames(t, target, sitetest.Values(t, kept))
		}
		var having []string
		for _, service := range config.Services() {
			if answer := get(each[service], target); claims(answer) {
				having = append(having, service)
			}
		}
		if claims(w) != (len(having) > 0) {
			t.Errorf("%q: %v have it, but all together: %v", target, having, claims(w))
		}
		words := slices.DeleteFunc(slices.Clone(having), func(service string) bool { return slices.Contains(byForm(), service) })
		if len(words) > 1 && !slices.ContainsFunc(together(), func(pair []string) bool { return slices.Equal(pair, words) }) {
			t.Errorf("%q: %v have it", target, words)
		}
		for name := range sitetest.Values(t, kept) { // for the next
			sitetest.Set(t, kept, name, 0)
		}
	})
}

// Where addresses differ by their form alone, the order says whose one is.
func TestOrderOfForms(t *testing.T) {
	for target, want := range map[string]string{
		"/octo/count.svg":        "views:profile-counter/octo",
		"/a.example/count.svg":   "views:profile-counter/a.example",
		"/a.example/x.svg":       "views:a.example/x",
		"/a.example/b/count.svg": "views:a.example/b/count",
		"/octo/repo.svg":         "views:dwyl/octo/repo",
		"/octo/repo.json":        "views:dwyl/octo/repo",
		"/a.example.svg":         "views:a.example/",
		"/octo/":                 "views:profile-counter/octo",
	} {
		kept := countermemory.New()
		sitetest.Ask(newSite(t, newConfig(), kept), "GET", target)
		if found := sitetest.Values(t, kept); found[want] != 1 {
			t.Errorf("%s: %v; want %s", target, found, want)
		}
	}
}

// unlimited is of a server that counts any number of pages.
func unlimited(services ...string) config.Config {
	cfg := newConfig(services...)
	cfg.MaxCounters = 1 << 30
	return cfg
}
