package admin_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/sitetest"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
)

// rows are the names, by the links, and the values that a page of the list shows.
func rows(t *testing.T, html string) []string {
	t.Helper()
	var shown []string
	for _, row := range regexp.MustCompile(`<tr><td><a href="(/admin/counter\?[^"]*)">.*<td class="number">(-?[\d,]+)</td>`).FindAllStringSubmatch(html, -1) {
		address, err := url.Parse(unescape(row[1]))
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, address.Query().Get("name")+"="+strings.ReplaceAll(row[2], ",", ""))
	}
	return shown
}

// Following "next" shows every counter of the app once, by name, and nothing else.
func TestListGoesThroughAllInOrder(t *testing.T) {
	entries := map[string]int64{"counter_key": 7, "session:1": 1, "views": 2, "a": 3, "counter_key2": 4}
	want := []string{"counter_key=7"}
	for n := range 230 {
		name := fmt.Sprintf("views:/%03d", n)
		entries[name] = int64(n + 1)
		want = append(want, fmt.Sprintf("%s=%d", name, n+1))
	}
	s := newFilled(t, entries)
	var got []string
	pages := 0
	for target := "/admin/counters"; target != ""; pages++ {
		w := s.get(target)
		wantPage(t, w, http.StatusOK, "of 231")
		got = append(got, rows(t, w.Body.String())...)
		next := regexp.MustCompile(`rel="next" href="([^"]*)"`).FindStringSubmatch(w.Body.String())
		target = ""
		if next != nil {
			target = unescape(next[1])
		}
	}
	if !slices.Equal(got, want) || pages != 5 {
		t.Errorf("%d pages show %q; want %q", pages, got, want)
	}

	// Following "prev" from the last page leads back to the first, past the same pages.
	var back []string
	for target := "/admin/counters?after=views:/198"; target != ""; {
		w := s.get(target)
		shown := rows(t, w.Body.String())
		back = append(slices.Clone(shown), back...)
		previous := regexp.MustCompile(`rel="prev" href="([^"]*)"`).FindStringSubmatch(w.Body.String())
		target = ""
		if previous != nil {
			target = unescape(previous[1])
		}
	}
	if !slices.Equal(back, want) {
		t.Errorf("going back shows %q; want %q", back, want)
	}
}

// The home page's counter is called what it is, and from a counter the way leads back to
// where it was found, through a change of it too.
func TestWayBackToTheSearch(t *testing.T) {
	s := newFilled(t, map[string]int64{"counter_key": 123456789012, "views:/a": 1, "views:/a/b": 2})
	wantPage(t, s.get("/admin/counters"), http.StatusOK, `Home page <bdi class="name soft">counter_key</bdi>`, "123,456,789,012")
	list := s.get("/admin/counters?prefix=%2Fa&after=views:/a").Body.String()
	link := regexp.MustCompile(`href="(/admin/counter\?[^"]*)"`).FindStringSubmatch(list)
	const back = `href="/admin/counters?after=views%3A%2Fa&amp;prefix=%2Fa">Back to the search`
	counter := s.get(unescape(link[1]))
	wantPage(t, counter, http.StatusOK, back)
	fields := []string{"name", "views:/a/b", "value", "5", "prefix", "/a", "after", "views:/a"}
	asked := s.post("/admin/add", fields...)
	wantPage(t, asked, http.StatusOK, `href="/admin/counter?after=views%3A%2Fa&amp;name=views%3A%2Fa%2Fb&amp;prefix=%2Fa">Cancel`)
	wantPage(t, s.get(s.confirm(t, asked).Header().Get("Location")), http.StatusOK, back)
	wantPage(t, s.get("/admin/counter?name=counter_key"), http.StatusOK, `href="/admin/counters">Back to the list`, "Home page")
}

// However an address is typed, the search finds the counters of pages, or on the other
// list those of sites.
func TestListByPrefix(t *testing.T) {
	s := newFilled(t, map[string]int64{
		"counter_key": 1, "views:/a": 2, "views:/a/b": 3, "views:example.com/": 4, "views:example.com/blog": 5, "views:example.com/blog/2": 6,
		"views:xn--bcher-kva.example/\u00fc": 7, "views:site.example/": 8, "site:example.com": 15, "site:site.example": 8, "site:xn--bcher-kva.example": 7, "other": 5,
	})
	blog := []string{"views:example.com/blog=5", "views:example.com/blog/2=6"}
	root := append([]string{"views:example.com/=4"}, blog...)
	pages := append(append([]string{"counter_key=1", "views:/a=2", "views:/a/b=3"}, root...), "views:site.example/=8", "views:xn--bcher-kva.example/\u00fc=7")
	for prefix, want := range map[string][]string{
		"": pages, "  ": pages, "counter_key": {"counter_key=1"}, "counter_key2": nil, "views:": pages[1:], "views:/a": {"views:/a=2", "views:/a/b=3"},
		"/a/": {"views:/a/b=3"}, "/": {"views:/a=2", "views:/a/b=3"}, "views:*": nil, "*": nil, "other": nil, "o": nil, "v": nil,
		"e": root, "EXAMPLE": root, "example.com": root, "example.com/": root, "https://example.com": root, "http://example.com:80/": root,
		"example.com/blog": blog, " https://Example.com/blog/?utm_source=x#top ": blog, "example.com/b": blog, "example.com/blog/2": blog[1:],
		"example.com/%62log": blog, "b\u00fccher.example/": {"views:xn--bcher-kva.example/\u00fc=7"}, "site": {"views:site.example/=8"},
		"site:": {"site:example.com=15", "site:site.example=8", "site:xn--bcher-kva.example=7"}, "site:e": {"site:example.com=15"},
	} {
		w := s.get("/admin/counters?prefix=" + url.QueryEscape(prefix))
		wantPage(t, w, http.StatusOK)
		if got := rows(t, w.Body.String()); !slices.Equal(got, want) {
			t.Errorf("%q shows %q; want %q", prefix, got, want)
		}
	}
	for prefix, want := range map[string][]string{
		"": {"site:example.com=15", "site:site.example=8", "site:xn--bcher-kva.example=7"}, "s": {"site:site.example=8"}, "Example.": {"site:example.com=15"},
		"https://example.com/blog": {"site:example.com=15"}, "b\u00fccher.example/": {"site:xn--bcher-kva.example=7"}, "views:/a/": {"views:/a/b=3"}, "/a": nil, "counter_key": {"counter_key=1"},
	} {
		w := s.get("/admin/counters?list=sites&prefix=" + url.QueryEscape(prefix))
		wantPage(t, w, http.StatusOK)
		if got := rows(t, w.Body.String()); !slices.Equal(got, want) {
			t.Errorf("of sites, %q shows %q; want %q", prefix, got, want)
		}
	}
	wantPage(t, s.get("/admin/counters?list=sites"), http.StatusOK, `<bdi class="name">example.com</bdi>`, `aria-current="page">Sites`)
	wantPage(t, s.get("/admin/counters?prefix=x.example"), http.StatusOK, "No page has an address that begins with this.")
	wantPage(t, s.get("/admin/counters?list=sites&prefix=x.example"), http.StatusOK, "No site has a name that begins with this.")
	wantPage(t, s.get("/admin/counters?prefix="+strings.Repeat("a", 513)), http.StatusBadRequest)
	wantPage(t, s.get("/admin/counters?prefix=%ff"), http.StatusBadRequest)
	wantPage(t, s.get("/admin/counters?after=%ff"), http.StatusBadRequest)
}

// Sorted by value, the list goes through all counters, there and back, and so does the way
// through a change of one.
func TestListByValue(t *testing.T) {
	entries := map[string]int64{"counter_key": 60, "site:example.com": 1000}
	var want []string
	for n := range 120 {
		name := fmt.Sprintf("views:example.com/a b&c/%03d", n)
		entries[name] = int64((n * 37) % 60) // two of each value
		if entries[name] > 0 {
			want = append(want, fmt.Sprintf("%s=%d", name, entries[name]))
		}
	}
	value := func(row string) int {
		number, err := strconv.Atoi(row[strings.LastIndexByte(row, '=')+1:])
		if err != nil {
			t.Fatal(err)
		}
		return number
	}
	slices.SortFunc(want, func(a, b string) int { return cmp.Or(value(b)-value(a), strings.Compare(a, b)) })
	want = append([]string{"counter_key=60"}, want...)
	s := newFilled(t, entries)
	follow := func(target, rel string, join func(all, shown []string) []string) (all []string, last string) {
		for range 10 {
			last = target
			html := s.get(target).Body.String()
			all = join(all, rows(t, html))
			link := regexp.MustCompile(`rel="` + rel + `" href="([^"]*)"`).FindStringSubmatch(html)
			if link == nil {
				return all, last
			}
			target = unescape(link[1])
		}
		return all, last
	}
	there, last := follow("/admin/counters?sort=value", "next", func(all, shown []string) []string { return append(all, shown...) })
	back, _ := follow(last, "prev", func(all, shown []string) []string { return append(slices.Clone(shown), all...) })
	if !slices.Equal(there, want) || !slices.Equal(back, want) {
		t.Errorf("the list shows\n%q, and backwards\n%q; want\n%q", there, back, want)
	}
	page := s.get(last)
	wantPage(t, page, http.StatusOK, "the most views first", `aria-sort="descending"><a href="/admin/counters?sort=value">Views`, `"><a href="/admin/counters">Page`)
	link := regexp.MustCompile(`href="(/admin/counter\?[^"]*)"`).FindStringSubmatch(page.Body.String())
	link = regexp.MustCompile(`<p><a href="([^"]*)">Back to the list`).FindStringSubmatch(s.get(unescape(link[1])).Body.String())
	if link == nil || !slices.Equal(rows(t, s.get(unescape(link[1])).Body.String()), rows(t, page.Body.String())) {
		t.Errorf("the way back is %q; want %q", link, last)
	}
	for _, after := range []string{"x", "-", "9223372036854775808 a", " views:a", "5"} { // what nobody is led to
		wantPage(t, s.get("/admin/counters?sort=value&after="+url.QueryEscape(after)), http.StatusOK, "1 to 50 of")
	}
	wantPage(t, s.get("/admin/counters?list=sites&sort=value"), http.StatusOK, "1 to 1 of 1")
}

// The address of a page opens its counter, however it is written.
func TestOpenByAddress(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:example.com/blog": 41, "views:/blog": 42, "counter_key": 43, "site:example.com": 44})
	for typed, want := range map[string]string{
		"example.com/blog": "41", "https://Example.com:443/blog/?utm=1#top": "41", " example.com/blog/index.html ": "41", "views:example.com/blog": "41",
		"/blog": "42", "counter_key": "43", "site:example.com": "44", "example.org/new": "0",
	} {
		wantPage(t, s.get("/admin/counter?page="+url.QueryEscape(typed)), http.StatusOK, "<strong>"+want+"</strong>")
	}
	for typed, want := range map[string]string{"": "no host", "ftp://example.com/": "scheme is ftp", "a b": "part of a host", "<b>": "&lt;b&gt;"} {
		wantPage(t, s.get("/admin/counter?page="+url.QueryEscape(typed)), http.StatusBadRequest, want)
	}
	wantPage(t, s.get("/admin/counter?name=session:1"), http.StatusNotFound, "not a counter of this app")
}

func TestAPIList(t *testing.T) {
	s := newFilled(t, map[string]int64{"counter_key": 1, "views:/a": 2, "views:/b": -3, "other": 5})
	for query, want := range map[string]string{
		"":                        `{"counters":[{"name":"counter_key","value":1},{"name":"views:/a","value":2},{"name":"views:/b","value":-3}],"next":""}`,
		"?limit=2":                `{"counters":[{"name":"counter_key","value":1},{"name":"views:/a","value":2}],"next":"views:/a"}`,
		"?limit=2&after=views:/a": `{"counters":[{"name":"views:/b","value":-3}],"next":""}`,
		"?prefix=views:/a":        `{"counters":[{"name":"views:/a","value":2}],"next":""}`,
		"?prefix=other":           `{"counters":[],"next":""}`,
	} {
		w := s.get("/admin/api/counters" + query)
		if w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%q: %d %s; want %s", query, w.Code, w.Body, want)
		}
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "limit=", "limit=1&limit=2", "page=2", "prefix=%ff", "prefix=%zz", "a;b"} {
		wantProblem(t, s.get("/admin/api/counters?"+query), http.StatusBadRequest, "")
	}
}

// 100,000 counters are listed in pages, none of which holds them all.
func TestListOfManyCounters(t *testing.T) {
	const many = 100_000
	store := countermemory.New()
	for n := range many {
		sitetest.Set(t, store, fmt.Sprintf("views:/%06d", n), 1)
	}
	s := newSite(t, store)
	w := s.get("/admin/counters?after=views:/050000")
	wantPage(t, w, http.StatusOK, "50,002 to 50,051 of 100,000")
	if w.Body.Len() > 32<<10 {
		t.Errorf("the page has %d bytes", w.Body.Len())
	}
	var page struct {
		Counters []struct{ Name string }
		Next     string
	}
	for seen, after := 0, ""; ; after = page.Next {
		if err := json.Unmarshal(s.get("/admin/api/counters?limit=1000&prefix=views:/00&after="+after).Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		seen += len(page.Counters)
		if page.Next == "" {
			if seen != 10_000 {
				t.Errorf("%d counters begin with views:/00; want 10000", seen)
			}
			return
		}
	}
}

// The store that does not answer is said to be so, with what waits for it.
func TestStoreIsDescribed(t *testing.T) {
	store := countermemory.New()
	w := newSite(t, coalesce.New(store, coalesce.Options{})).get("/admin/counters")
	wantPage(t, w, http.StatusOK, "<dd>memory</dd>", "<dd>yes</dd>", "<dd>0</dd>", "<dt>Warnings</dt><dd>none</dd>", "<code>abc123</code>", "Nothing has been counted yet.")

	w = newSite(t, sitetest.Broken{Err: errors.New("dial <b>")}).get("/admin/counters")
	wantPage(t, w, http.StatusServiceUnavailable, "<dd>no</dd>", "The store does not answer: dial &lt;b&gt;", "can&#39;t be listed now", "<code>abc123</code>")
	wantProblem(t, newSite(t, sitetest.Broken{Err: errors.New("dial <b>")}).get("/admin/api/counters"), http.StatusServiceUnavailable, "does not answer")
}
