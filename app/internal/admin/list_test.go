package admin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
)

// rows are the names and values that a page of the list shows.
func rows(t *testing.T, html string) []string {
	t.Helper()
	var shown []string
	for _, row := range regexp.MustCompile(`<bdi class="name(?: soft)?">([^<]*)</bdi></a>.*<td class="number">(-?[\d,]+)</td>`).FindAllStringSubmatch(html, -1) {
		shown = append(shown, unescape(row[1])+"="+strings.ReplaceAll(row[2], ",", ""))
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
	for target := "/admin/"; target != ""; pages++ {
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
	for target := "/admin/?after=views:/198"; target != ""; {
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
	wantPage(t, s.get("/admin/"), http.StatusOK, `Home page <bdi class="name soft">counter_key</bdi>`, "123,456,789,012")
	list := s.get("/admin/?prefix=%2Fa&after=views:/a").Body.String()
	link := regexp.MustCompile(`href="(/admin/counter[^"]*)"`).FindStringSubmatch(list)
	const back = `href="/admin/?prefix=%2fa&amp;after=views%3a%2fa">Back to the search`
	counter := s.get(unescape(link[1]))
	wantPage(t, counter, http.StatusOK, back)
	fields := []string{"name", "views:/a/b", "value", "5", "prefix", "/a", "after", "views:/a"}
	asked := s.post("/admin/add", fields...)
	wantPage(t, asked, http.StatusOK, `href="/admin/counter?name=views%3a%2fa%2fb&amp;prefix=%2fa&amp;after=views%3a%2fa">Cancel`)
	wantPage(t, s.get(s.confirm(t, asked).Header().Get("Location")), http.StatusOK, back)
	wantPage(t, s.get("/admin/counter?name=counter_key"), http.StatusOK, `href="/admin/?prefix=">Back to the list`, "Home page")
}

func TestListByPrefix(t *testing.T) {
	s := newFilled(t, map[string]int64{"counter_key": 1, "views:/a": 2, "views:/a/b": 3, "views:/b": 4, "other": 5})
	for prefix, want := range map[string][]string{
		"":             {"counter_key=1", "views:/a=2", "views:/a/b=3", "views:/b=4"},
		"c":            {"counter_key=1"},
		"counter_key":  {"counter_key=1"},
		"counter_key2": nil,
		"v":            {"views:/a=2", "views:/a/b=3", "views:/b=4"},
		"views:":       {"views:/a=2", "views:/a/b=3", "views:/b=4"},
		"views:/a":     {"views:/a=2", "views:/a/b=3"},
		"/b":           {"views:/b=4"}, // a path
		"views:*":      nil,
		"other":        nil,
		"o":            nil,
	} {
		w := s.get("/admin/?prefix=" + url.QueryEscape(prefix))
		wantPage(t, w, http.StatusOK)
		if got := rows(t, w.Body.String()); !slices.Equal(got, want) {
			t.Errorf("%q shows %q; want %q", prefix, got, want)
		}
	}
	wantPage(t, s.get("/admin/?prefix="+strings.Repeat("a", 513)), http.StatusBadRequest)
	wantPage(t, s.get("/admin/?after=%ff"), http.StatusBadRequest)
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
		if err := store.Set(t.Context(), fmt.Sprintf("views:/%06d", n), 1); err != nil {
			t.Fatal(err)
		}
	}
	s := newSite(t, store)
	w := s.get("/admin/?after=views:/050000")
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
	w := newSite(t, coalesce.New(store, coalesce.Options{})).get("/admin/")
	wantPage(t, w, http.StatusOK, "<dd>memory</dd>", "<dd>yes</dd>", "<dd>0</dd>", "<dt>Warnings</dt><dd>none</dd>", "<code>abc123</code>", "Nothing has been counted yet.")

	w = newSite(t, broken{errors.New("dial <b>")}).get("/admin/")
	wantPage(t, w, http.StatusServiceUnavailable, "<dd>no</dd>", "The store does not answer: dial &lt;b&gt;", "can&#39;t be listed now", "<code>abc123</code>")
	wantProblem(t, newSite(t, broken{errors.New("dial <b>")}).get("/admin/api/counters"), http.StatusServiceUnavailable, "does not answer")
}
