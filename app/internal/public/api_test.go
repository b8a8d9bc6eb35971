package public_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	countermemory "example.com/herokuapp/counter-memory"
)

// However a page is written, a view adds one to it and one to its site.
func TestCount(t *testing.T) {
	site, kept := newMemorySite(t)
	for i, target := range []string{
		"/api/v1/views/example.com/blog",
		"/api/v1/views/EXAMPLE.com/blog/",
		"/api/v1/views/https://example.com/blog/index.html",
		"/api/v1/views/" + url.PathEscape("https://example.com:443/blog?utm=1#top"),
		"/api/v1/views/example.com%2Fblog",
		"/api/v1/views/example.com/bl%6Fg",
	} {
		n := strconv.Itoa(i + 1)
		w := sitetest.Ask(site, "POST", target)
		wantAnswer(t, w, `{"name":"example.com/blog","value":`+n+`,"site":`+n+`,"status":"counted"}`+"\n")
		wantHeader(t, w, "View-Status", "counted", "Cache-Control", "no-store", "Access-Control-Allow-Origin", "*", "Content-Type", "application/json")
		if len(w.Header()) > 8 { // see web's home
			t.Errorf("%d headers, for which a map takes several blocks of memory", len(w.Header()))
		}
	}
	wantHeader(t, sitetest.Ask(site, "GET", "/embed.js"), "Cross-Origin-Resource-Policy", "cross-origin")
	wantAnswer(t, sitetest.Ask(site, "POST", "/api/v1/views/example.com"), `{"name":"example.com/","value":1,"site":7,"status":"counted"}`+"\n")
	wantValues(t, kept, map[string]int64{"views:example.com/blog": 6, "views:example.com/": 1, "site:example.com": 7, counters.Home: 0})

	// Reading counts nothing.
	for range 2 {
		wantAnswer(t, sitetest.Ask(site, "GET", "/api/v1/views/example.com/blog"), `{"name":"example.com/blog","value":6,"site":7}`+"\n")
		wantAnswer(t, sitetest.Ask(site, "GET", "/api/v1/views/example.com/new"), `{"name":"example.com/new","value":0,"site":7}`+"\n")
		wantAnswer(t, sitetest.Ask(site, "GET", "/api/v1/views?name=example.com/blog&name=example.org&name=https://example.com"),
			`{"views":[{"name":"example.com/blog","value":6},{"name":"example.org/","value":0},{"name":"example.com/","value":1}]}`+"\n")
		wantAnswer(t, sitetest.Ask(site, "GET", "/api/v1/sites/example.com"), `{"name":"example.com","value":7}`+"\n")
	}
	if w := sitetest.Ask(site, "HEAD", "/api/v1/views/example.com/blog"); w.Code != 200 || value(t, kept, "views:example.com/blog") != 6 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

// Nobody reaches the home page's counter but by opening the home page.
func TestHomeIsReadOnly(t *testing.T) {
	site, kept := newMemorySite(t)
	if w := sitetest.Ask(site, "GET", "/"); w.Code != 200 {
		t.Fatal(w.Code)
	}
	for _, target := range []string{"/api/v1/views", "/badge.svg", "/badge.svg?read", "/badge.json"} {
		if w := sitetest.Ask(site, "GET", target); w.Code != 200 || !strings.Contains(w.Body.String(), "1") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	wantAnswer(t, sitetest.Ask(site, "GET", "/api/v1/views"), `{"name":"","value":1}`+"\n")
	for _, name := range []string{"counter_key", "counter%5Fkey", "views:counter_key", "/counter_key"} {
		sitetest.Ask(site, "POST", "/api/v1/views/"+name)
		sitetest.Ask(site, "GET", "/badge/"+name+".svg")
		sitetest.Ask(site, "GET", "/pixel/"+name+".gif")
	}
	if w := sitetest.Ask(site, "POST", "/api/v1/views"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("POST without a name: %d %v", w.Code, w.Header())
	}
	wantValues(t, kept, map[string]int64{counters.Home: 1})
}

func TestSitesAndQueries(t *testing.T) {
	kept := countermemory.New()
	cfg := newConfig()
	cfg.KeepQuery = []string{"p", "page_id"}
	var err error
	if cfg.Sites, err = counters.ParseSites("example.com,*.example.org,www.example.com=example.com"); err != nil {
		t.Fatal(err)
	}
	site := newSite(t, cfg, kept)
	wantAnswer(t, sitetest.Ask(site, "POST", "/api/v1/views/www.example.com/a"), `{"name":"example.com/a","value":1,"site":1,"status":"counted"}`+"\n")
	wantAnswer(t, sitetest.Ask(site, "POST", "/api/v1/views/"+url.PathEscape("https://blog.example.org/?utm=1&p=12")),
		`{"name":"blog.example.org/?p=12","value":1,"site":1,"status":"counted"}`+"\n")
	for _, name := range []string{"example.net/", "example.org", "sub.example.com", "example.com:8080"} {
		w := sitetest.Ask(site, "POST", "/api/v1/views/"+name)
		if detail := sitetest.WantProblem(t, w, 403); !strings.HasPrefix(detail, `"`+strings.TrimSuffix(name, "/")) || !strings.Contains(detail, "SITES") {
			t.Errorf("%s: %s", name, detail)
		}
		wantHeader(t, w, "View-Status", "skipped;reason=site")
		sitetest.WantProblem(t, sitetest.Ask(site, "GET", "/api/v1/views/"+name), 403)
		sitetest.WantProblem(t, sitetest.Ask(site, "GET", "/api/v1/sites/"+strings.TrimSuffix(name, "/")), 403)
		sitetest.WantProblem(t, sitetest.Ask(site, "GET", "/events/"+name), 403)
		wantHeader(t, sitetest.Ask(site, "GET", "/badge/"+name+".svg"), "View-Status", "skipped;reason=site")
		wantHeader(t, sitetest.Ask(site, "GET", "/pixel/"+name+".gif"), "View-Status", "skipped;reason=site")
	}
	for entry, err := range kept.List(t.Context(), "") {
		if err != nil || entry.Value != 1 || strings.Contains(entry.Name, "net") {
			t.Errorf("%+v, %v", entry, err)
		}
	}
	for origin, want := range map[string]string{
		"https://example.com": "https://example.com", "https://www.example.com": "https://www.example.com", "http://a.example.org": "http://a.example.org",
		"https://example.net": "", "null": "", "": "", "https://example.com.evil.example": "",
	} {
		w := sitetest.Ask(site, "GET", "/api/v1/views/example.com/a", "Origin", origin)
		wantHeader(t, w, "Access-Control-Allow-Origin", want, "Vary", "Origin", "Access-Control-Allow-Credentials", "")
	}
}

func TestLimits(t *testing.T) {
	kept := countermemory.New()
	cfg := newConfig()
	cfg.RateLimit = 2
	cfg.MaxCounters = 3
	site := newSite(t, cfg, kept)
	for i, want := range []string{"counted", "counted", "skipped;reason=rate", "skipped;reason=rate"} {
		w := sitetest.Ask(site, "POST", "/api/v1/views/example.com/a")
		wantHeader(t, w, "View-Status", want)
		n := strconv.Itoa(min(i+1, 2))
		wantAnswer(t, w, `{"name":"example.com/a","value":`+n+`,"site":`+n+`,"status":"`+want+`"}`+"\n")
	}
	// Another page, another client, and readers behind an image proxy have their own.
	wantHeader(t, sitetest.Ask(site, "GET", "/pixel/example.com/b.gif"), "View-Status", "counted")
	for range 5 {
		wantHeader(t, sitetest.Ask(site, "GET", "/badge/example.com/a.svg", "User-Agent", "github-camo (876de43e)"), "View-Status", "counted")
	}
	for range 5 {
		if w := sitetest.Ask(site, "GET", "/"); w.Header().Get("View-Status") != "counted" {
			t.Errorf("the home page: %v", w.Header())
		}
	}
	wantHeader(t, sitetest.Ask(site, "POST", "/api/v1/views/example.com/c"), "View-Status", "counted")
	// There is room for no other.
	w := sitetest.Ask(site, "POST", "/api/v1/views/example.com/d")
	wantHeader(t, w, "View-Status", "skipped;reason=limit")
	if detail := sitetest.WantProblem(t, w, 403); !strings.Contains(detail, "MAX_COUNTERS") {
		t.Error(detail)
	}
	badge := sitetest.Ask(site, "GET", "/badge/example.com/d.svg")
	wantHeader(t, badge, "View-Status", "skipped;reason=limit")
	if badge.Code != 200 || !strings.Contains(badge.Body.String(), "unavailable") {
		t.Errorf("%d %s", badge.Code, badge.Body)
	}
	wantHeader(t, sitetest.Ask(site, "POST", "/api/v1/views/example.com/b"), "View-Status", "counted")
	wantValues(t, kept, map[string]int64{"views:example.com/a": 7, "views:example.com/b": 2, "views:example.com/d": 0})
}

// Bots and prefetches get the number and are not counted.
func TestSkipped(t *testing.T) {
	site, kept := newMemorySite(t)
	sitetest.Ask(site, "POST", "/api/v1/views/example.com/a")
	for want, headers := range map[string][]string{
		"skipped;reason=bot":      {"User-Agent", "Googlebot/2.1 (+http://www.google.com/bot.html)"},
		"skipped;reason=prefetch": {"Sec-Purpose", "prefetch"},
	} {
		w := sitetest.Ask(site, "POST", "/api/v1/views/example.com/a", headers...)
		wantAnswer(t, w, `{"name":"example.com/a","value":1,"site":1,"status":"`+want+`"}`+"\n")
		wantHeader(t, w, "View-Status", want)
		wantHeader(t, sitetest.Ask(site, "GET", "/badge/example.com/a.svg", headers...), "View-Status", want)
		wantHeader(t, sitetest.Ask(site, "GET", "/pixel/example.com/a.gif", headers...), "View-Status", want)
	}
	// An image is embedded, and counts.
	wantHeader(t, sitetest.Ask(site, "GET", "/badge/example.com/a.svg", "Sec-Fetch-Dest", "image"), "View-Status", "counted")
	wantHeader(t, sitetest.Ask(site, "POST", "/api/v1/views/example.com/a", "Sec-Fetch-Dest", "empty"), "View-Status", "counted")
	wantValues(t, kept, map[string]int64{"views:example.com/a": 3, "site:example.com": 3})
}

func TestBadRequests(t *testing.T) {
	site, _ := newMemorySite(t)
	for target, want := range map[string]string{
		"/api/v1/views/ftp%3A%2F%2Fexample.com%2F":                    "not http or https",
		"/api/v1/views/a%20b":                                         "part of a host",
		"/api/v1/views/%FF":                                           "UTF-8",
		"/api/v1/views/example.com/" + strings.Repeat("x", 600):       "longer than",
		"/api/v1/views/example.com/a?label=x":                         `"label" does not exist here`,
		"/api/v1/views?name=a&nam=b":                                  "name",
		"/api/v1/views?name=":                                         "no host",
		"/api/v1/views?" + strings.Repeat("name=a&", 101):             "100 names",
		"/api/v1/views?name=a;b":                                      "can't be read",
		"/api/v1/sites/example.com/x":                                 "",
		"/api/v1/sites/example.com?limit=3":                           "after",
		"/api/v1/sites/" + url.PathEscape("https://example.com/page"): "host alone",
		"/events/a%20b":                                               "part of a host",
		"/badge/a%20b.json":                                           "part of a host",
	} {
		w := sitetest.Ask(site, "GET", target)
		if want == "" {
			if w.Code != 404 {
				t.Errorf("%s: %d; want 404", target, w.Code)
			}
			continue
		}
		if detail := sitetest.WantProblem(t, w, 400); !strings.Contains(detail, want) {
			t.Errorf("%s: %q; want %q", target, detail, want)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH", "POST"} {
		w := sitetest.Ask(site, method, "/api/v1/sites/example.com")
		sitetest.WantProblem(t, w, 405)
		wantHeader(t, w, "Allow", "GET, HEAD, OPTIONS")
	}
	preflight := sitetest.Ask(site, "OPTIONS", "/api/v1/views/example.com/a", "Origin", "https://example.com", "Access-Control-Request-Method", "POST")
	wantHeader(t, preflight, "Allow", "GET, HEAD, OPTIONS, POST", "Access-Control-Allow-Origin", "*", "Access-Control-Allow-Methods", "GET, POST")
	if preflight.Code != 204 {
		t.Error(preflight.Code)
	}
}

// An address of the API that does not exist is a problem, which any page may read.
func TestNothingHere(t *testing.T) {
	site := newSite(t, newConfig(), countermemory.New())
	for _, path := range []string{"/api/v1/", "/api/v1/views/", "/api/v1/sites/example.com/", "/api/v1/x.svg"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w := sitetest.Ask(site, method, path)
			sitetest.WantProblem(t, w, http.StatusNotFound)
			wantHeader(t, w, "Access-Control-Allow-Origin", "*")
		}
	}
}

// Only the owner is told which pages a site has.
func TestPagesOfASite(t *testing.T) {
	site, _ := newMemorySite(t)
	for i := range 150 {
		sitetest.Ask(site, "POST", "/api/v1/views/example.com/"+strconv.Itoa(1000+i))
	}
	sitetest.Ask(site, "POST", "/api/v1/views/example.com.evil.example/")
	if w := sitetest.Ask(site, "GET", "/api/v1/sites/example.com"); strings.Contains(w.Body.String(), "pages") {
		t.Errorf("a stranger is told %s", w.Body)
	}
	w := sitetest.Ask(site, "GET", "/api/v1/sites/example.com", "Authorization", sitetest.Token)
	body := w.Body.String()
	if w.Code != 200 || strings.Count(body, `{"name":`) != 101 || !strings.Contains(body, `"next":"example.com/1099"`) || !strings.Contains(body, `{"name":"example.com/1000","value":1}`) {
		t.Errorf("%d %s", w.Code, body)
	}
	body = sitetest.Ask(site, "GET", "/api/v1/sites/example.com?after=example.com/1099", "Authorization", sitetest.Token).Body.String()
	if strings.Count(body, `{"name":`) != 51 || strings.Contains(body, "next") || strings.Contains(body, "evil") {
		t.Error(body)
	}
}

func TestStoreErrors(t *testing.T) {
	kept := countermemory.New()
	sitetest.Set(t, kept, "views:example.com/full", math.MaxInt64)
	site := newSite(t, newConfig(), kept)
	w := sitetest.Ask(site, "POST", "/api/v1/views/example.com/full")
	sitetest.WantProblem(t, w, 500)
	wantHeader(t, w, "View-Status", "skipped;reason=error")
	if err := errors.Join(kept.Close()); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/api/v1/views/example.com/a", "/api/v1/views", "/api/v1/sites/example.com", "/api/v1/views?name=a"} {
		w := sitetest.Ask(site, "GET", target)
		sitetest.WantProblem(t, w, 503)
		wantHeader(t, w, "Retry-After", "5")
	}
	for _, target := range []string{"/badge/example.com/a.svg", "/badge.svg", "/badge/example.com/a.json"} {
		w := sitetest.Ask(site, "GET", target)
		if w.Code != 200 || !strings.Contains(w.Body.String(), "unavailable") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

// A client that closes the connection after its request is still counted, and so the page is
// known to exist.
func TestClosedConnectionCounts(t *testing.T) {
	kept := countermemory.New()
	if _, err := kept.Add(t.Context(), "views:example.com/a", 41); err != nil {
		t.Fatal(err)
	}
	cfg := newConfig()
	cfg.MaxCounters = 0
	site := newSite(t, cfg, kept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/v1/views/example.com/a", nil)
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	wantAnswer(t, w, `{"name":"example.com/a","value":42,"site":1,"status":"counted"}`+"\n")
}
