package admin_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/admin"
	"example.com/herokuapp/app/internal/client"
	"example.com/herokuapp/app/internal/counters"
)

// snippets returns what a page shows to be pasted.
func snippets(html string) []string {
	var texts []string
	for _, found := range regexp.MustCompile(`<pre>([^<]*)</pre>`).FindAllStringSubmatch(html, -1) {
		texts = append(texts, unescape(found[1]))
	}
	return texts
}

func TestSnippets(t *testing.T) {
	s := newFilled(t, map[string]int64{"counter_key": 1})
	const script = "<script src=\"http://example.com/embed.js\" defer></script>\n"
	for name, want := range map[string][]string{
		"views:blog.example/a(b)": {
			"![views](http://example.com/badge/blog.example/a%28b%29.svg)",
			`<img src="http://example.com/badge/blog.example/a%28b%29.svg" alt="views">`,
			script + "<p>This page was viewed <span data-views></span> times.</p>",
			"curl -X POST 'http://example.com/api/v1/views/blog.example/a%28b%29'",
			"curl 'http://example.com/api/v1/views/blog.example/a%28b%29'",
		},
		"site:blog.example": {
			script + `<p>This site was viewed <span data-views="site"></span> times.</p>`,
			"curl 'http://example.com/api/v1/sites/blog.example'",
		},
		"counter_key": { // which they read
			"![views](http://example.com/badge.svg)",
			`<img src="http://example.com/badge.svg" alt="views">`,
			"curl 'http://example.com/api/v1/views'",
		},
		// What no surface counts has none.
		"views:/blog": nil, "views:Blog.example/a": nil, "views:blog.example/a/": nil, "views:blog.example": nil, "views:": nil, "site:": nil, "site:a/b": nil,
	} {
		page := s.get("/admin/counter?name=" + name)
		wantPage(t, page, http.StatusOK)
		if got := snippets(page.Body.String()); !slices.Equal(got, want) {
			t.Errorf("%s has %q; want %q", name, got, want)
		}
	}
	wantPage(t, s.get("/admin/counter?name=views:blog.example/a(b)"), http.StatusOK, `<img src="/badge/blog.example/a%28b%29.svg?read" alt="views: 0">`)
	wantPage(t, s.get("/admin/counter?name=counter_key"), http.StatusOK, `<img src="/badge.svg?read" alt="views: 1">`)
	if policy := s.get("/admin/counters").Header().Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self'") {
		t.Errorf("the badge is not shown: %s", policy)
	}
}

// SITES decides which pages are counted, and under which name.
func TestSnippetsOfSites(t *testing.T) {
	sites, err := counters.ParseSites("example.com,www.example.com=example.com")
	if err != nil {
		t.Fatal(err)
	}
	s := newFilled(t, nil, func(about *admin.About) { about.Sites, about.KeepQuery = sites, []string{"p"} })
	for name, want := range map[string]string{
		"views:example.org/a": "SITES does not list example.org", "site:example.org": "SITES does not list example.org",
		"views:www.example.com/a": "counted as example.com", "site:www.example.com": "counted as example.com",
	} {
		page := s.get("/admin/counter?name=" + name)
		wantPage(t, page, http.StatusOK, want)
		if got := snippets(page.Body.String()); got != nil {
			t.Errorf("%s has %q", name, got)
		}
	}
	wantPage(t, s.get("/admin/counter?page=www.example.com/?p=7"), http.StatusOK, `<bdi class="name">example.com/?p=7</bdi>`, "/badge/example.com%2F%3Fp%3D7.svg?read")
}

// The header Host is a stranger's text until it is seen to be a host.
func TestSnippetsOfHosts(t *testing.T) {
	s := newFilled(t, nil, func(about *admin.About) {
		about.Proxies = client.Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	})
	ask := func(host, peer, proto string) []string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/counter?name=views:blog.example/", nil)
		r.Host, r.RemoteAddr = host, peer
		r.Header.Set("X-Forwarded-Proto", proto)
		r.Header.Set("X-Forwarded-Host", "evil.example")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		wantPage(t, w, http.StatusOK)
		return snippets(w.Body.String())
	}
	for _, given := range [][]string{
		{"views.example.org", "10.1.2.3:5", "https", "https://views.example.org"},
		{"views.example.org", "10.1.2.3:5", "http", "http://views.example.org"},
		{"views.example.org", "192.0.2.1:5", "https", "http://views.example.org"}, // anybody can write that
		{"127.0.0.1:8000", "127.0.0.1:5", "", "http://127.0.0.1:8000"},
		{"[::1]:8000", "[::1]:5", "", "http://[::1]:8000"},
		{"", "10.1.2.3:5", "", "https://views.example.org"},
		{`x"><script>alert(1)</script>`, "10.1.2.3:5", "", "https://views.example.org"},
		{"x.example/')(;rm -rf ~", "10.1.2.3:5", "", "https://views.example.org"},
		{"x.example:80:80", "10.1.2.3:5", "", "https://views.example.org"},
		{"user@x.example", "10.1.2.3:5", "", "https://views.example.org"},
		{strings.Repeat("a", 300), "10.1.2.3:5", "", "https://views.example.org"},
	} {
		got := ask(given[0], given[1], given[2])
		if want := "![views](" + given[3] + "/badge/blog.example/.svg)"; len(got) != 5 || got[0] != want {
			t.Errorf("asked as %q from %s by %s: %q; want %q", given[0], given[1], given[2], got, want)
		}
	}
}

// A page's counter leads to when the page was viewed.
func TestCounterLinksToItsStats(t *testing.T) {
	s := newFilled(t, map[string]int64{"counter_key": 1})
	for name, want := range map[string]string{
		"views:blog.example/a(b)": "/admin/stats/blog.example/a%28b%29", "counter_key": "/admin/stats", "site:blog.example": "", "views:/blog": "",
	} {
		page := s.get("/admin/counter?name=" + name)
		if link := `<a href="` + want + `">When it was viewed</a>`; want != "" {
			wantPage(t, page, http.StatusOK, link)
		} else if strings.Contains(page.Body.String(), "When it was viewed") {
			t.Errorf("%s has stats", name)
		}
	}
}
