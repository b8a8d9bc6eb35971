package public_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/herokuapp/app/internal/client"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// hostileAddresses are addresses there can be that must do no harm where they are shown,
// and some that are none.
func hostileAddresses() []string {
	return []string{
		`example.com/"><img src=x onerror=alert(1)>`,
		`example.com/'><script>alert(1)</script>`,
		`example.com/</title></svg><script>alert(1)</script>`,
		"example.com/]]><!--&lt;&#0;{{.}}${x}",
		"example.com/%0d%0aSet-Cookie:%20a=b",
		"example.com/\r\nSet-Cookie: a=b",
		"example.com/\n\ndata: {\"value\":0}\n\n",
		"example.com/\u202etxt.exe\u2028\u2029\u200b",
		"example.com/\x00\x1b[2J",
		"example.com/%00%1b%ff%c3",
		"example.com/日本語/🏳️‍🌈",
		"example.com/a//b/..%2f..%2fadmin",
		"example.com/?p=1&p=\"<b>",
		"https://user:password@example.com/",
		"javascript:alert(1)", "counter_key", "views:counter_key", "site:example.com", "../admin/", "%2e%2e%2fadmin",
		"example.com/" + strings.Repeat("%", 400), "example.com/" + strings.Repeat("ü", 300), strings.Repeat("a.", 300),
		"\xff\xfe", "xn--a", "example.com:99999", "[::1]:8000/a", "EXAMPLE.com:443/blog/index.html?x#y", "example.com/a.svg", "example.com/b.json.gif",
	}
}

// wantAgreement fails unless every surface takes the address for the same page, or each of
// them refuses it.
func wantAgreement(t *testing.T, address string) {
	t.Helper()
	kept := countermemory.New()
	cfg := newConfig()
	cfg.KeepQuery = []string{"p"}
	site := newQuietSite(t, cfg, kept)
	page, err := counters.ParsePage(address, cfg.KeepQuery)
	escaped := url.PathEscape(address)
	if escaped == "" || escaped == "." || escaped == ".." { // a path of its own
		return
	}
	counting := []struct{ method, target string }{
		{"POST", "/api/v1/views/" + escaped}, {"GET", "/badge/" + escaped + ".svg"}, {"GET", "/pixel/" + escaped + ".gif"},
	}
	reading := []string{
		"/api/v1/views/" + escaped, "/api/v1/views?name=" + url.QueryEscape(address), "/badge/" + escaped + ".json", "/badge/" + escaped + ".svg?read",
	}
	if err != nil {
		for _, c := range counting {
			if w := sitetest.Ask(site, c.method, c.target); w.Code != 400 || !shown(w) {
				t.Errorf("%q: %s %s: %d %s; want 400", address, c.method, c.target, w.Code, w.Body)
			}
		}
		for _, target := range append(reading, "/events/"+escaped) {
			if w := sitetest.Ask(site, "GET", target); w.Code != 400 || !shown(w) {
				t.Errorf("%q: %s: %d %s; want 400", address, target, w.Code, w.Body)
			}
		}
		if found := sitetest.Values(t, kept); len(found) > 0 {
			t.Errorf("%q: %v are counted", address, found)
		}
		return
	}
	// As a whole it stands in the path escaped, and written out in the form of a snippet.
	counting = append(counting, struct{ method, target string }{"POST", "/api/v1/views/" + page.Escaped()},
		struct{ method, target string }{"GET", "/badge/" + page.Escaped() + ".svg"}, struct{ method, target string }{"GET", "/pixel/" + page.Escaped() + ".gif"})
	for i, c := range counting {
		w := sitetest.Ask(site, c.method, c.target)
		wantHeader(t, w, "View-Status", "counted")
		want := map[string]int64{page.Counter(): int64(i + 1), page.Site(): int64(i + 1)}
		if found := sitetest.Values(t, kept); w.Code != 200 || !shown(w) || len(found) != 2 || found[page.Counter()] != want[page.Counter()] || found[page.Site()] != want[page.Site()] {
			t.Fatalf("%q: %s %s: %d %s; counted are %v, want %v", address, c.method, c.target, w.Code, w.Body, found, want)
		}
	}
	total := strconv.Itoa(len(counting))
	for _, target := range reading {
		if w := sitetest.Ask(site, "GET", target); w.Code != 200 || !shown(w) || !strings.Contains(w.Body.String(), total) {
			t.Errorf("%q: %s: %d %s; want %s", address, target, w.Code, w.Body, total)
		}
	}
	var answer struct{ Name string }
	if err := json.Unmarshal(sitetest.Ask(site, "GET", reading[0]).Body.Bytes(), &answer); err != nil || answer.Name != page.String() {
		t.Errorf("%q is %q, %v; want %q", address, answer.Name, err, page)
	}
}

// shown reports whether an answer is whole: its body is what its type says, and no header
// has a second line.
func shown(w *httptest.ResponseRecorder) bool {
	for name, values := range w.Header() {
		if name == "Set-Cookie" || strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
			return false
		}
	}
	switch kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); kind {
	case "application/json", "application/problem+json":
		return json.Valid(w.Body.Bytes()) && !strings.ContainsAny(w.Body.String(), "<>\u2028\u2029")
	case "image/svg+xml":
		elements := 0
		for decoder := xml.NewDecoder(bytes.NewReader(w.Body.Bytes())); ; {
			switch token, err := decoder.Token(); element := token.(type) {
			case nil:
				return errors.Is(err, io.EOF) && elements > 5
			case xml.StartElement:
				elements++
				if element.Name.Local == "script" || element.Name.Local == "img" || element.Name.Local == "foreignObject" {
					return false
				}
			}
		}
	case "text/plain", "text/csv", "image/gif":
		return true
	}
	return false
}

func TestSurfacesAgree(t *testing.T) {
	for _, address := range hostileAddresses() {
		wantAgreement(t, address)
	}
}

// FuzzSurfaces: whatever stands for a page, every surface takes it for the same one.
func FuzzSurfaces(f *testing.F) {
	for _, address := range hostileAddresses() {
		f.Add(address)
	}
	f.Fuzz(wantAgreement)
}

// FuzzQueries: whatever the query, each surface answers, and counts no more than one view.
func FuzzQueries(f *testing.F) {
	for _, query := range []string{"", "read", "read&read", "style=flat&style=", "label=%ff", "label=" + strings.Repeat("%22", 200), "a;b", "%zz", "name=a&name=", "color=%0d%0a", "format=short&read=0", "step=hour&tz=Asia/Kolkata", "from=2026-11-26&to=2026-11-26", "tz=../../etc/passwd", "format=csv&step=week", "from=0000-00-00", "to=9999-12-31&tz=Pacific/Kiritimati"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		kept := newPast(t)
		site := newQuietSite(t, newConfig(), kept)
		query = url.PathEscape(query) // what can't be in an address at all can't arrive
		query = strings.NewReplacer("%25", "%", "%3B", ";", "%26", "&").Replace(query)
		for i, target := range []string{"/badge/example.com/a.svg", "/badge.svg", "/badge/example.com/a.json", "/pixel/example.com/a.gif", "/api/v1/views/example.com/a", "/api/v1/views", "/api/v1/sites/example.com", "/api/v1/history/example.com/a", "/api/v1/history"} {
			w := sitetest.Ask(site, "GET", target+"?"+query)
			if w.Code != 200 && w.Code != 400 && w.Code != 403 || !shown(w) {
				t.Errorf("%s?%s: %d %v %q", target, query, w.Code, w.Header(), w.Body)
			}
			if found := sitetest.Values(t, kept)["views:example.com/a"]; found > int64(i+1) {
				t.Errorf("%s?%s: %d are counted", target, query, found)
			}
		}
	})
}

// Listeners are told of the page that the others name, in one event.
func TestEventsOfHostileNames(t *testing.T) {
	kept := countermemory.New()
	server := httptest.NewServer(newQuietSite(t, newConfig(), kept))
	defer server.Close()
	for _, address := range hostileAddresses() {
		page, err := counters.ParsePage(address, nil)
		if err != nil {
			continue
		}
		sitetest.Set(t, kept, page.Counter(), 41)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/events/"+url.PathEscape(address), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var data string
		lines := bufio.NewScanner(response.Body)
		for data == "" && lines.Scan() {
			if !strings.HasPrefix(lines.Text(), ":") && !strings.HasPrefix(lines.Text(), "retry: ") && lines.Text() != "" {
				data = lines.Text()
			}
		}
		response.Body.Close()
		var event struct {
			Name  string
			Value int64
		}
		text, ok := strings.CutPrefix(data, "data: ")
		if err := json.Unmarshal([]byte(text), &event); !ok || err != nil || event.Name != page.String() || event.Value != 41 {
			t.Errorf("%q: %q, %v", address, data, err)
		}
	}
}

// Strangers create as many counters as they may, whatever they ask; what exists goes on.
func TestManyNames(t *testing.T) {
	const most = 100
	kept := countermemory.New()
	cfg := newConfig()
	cfg.MaxCounters = most
	site := newQuietSite(t, cfg, kept)
	counted := 0
	for i := range 10_000 {
		w := sitetest.Ask(site, "POST", fmt.Sprintf("/api/v1/views/host%d.example/%d", i%7, i))
		switch w.Header().Get("View-Status") {
		case "counted":
			counted++
		case "skipped;reason=limit":
			if i < most {
				t.Fatalf("the %d. is refused: %s", i+1, w.Body)
			}
		default:
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
	}
	pages, total := 0, int64(0)
	for name, value := range sitetest.Values(t, kept) {
		if strings.HasPrefix(name, counters.PagePrefix) {
			pages++
		} else {
			total += value
		}
	}
	if counted != most || pages != most || total != most {
		t.Errorf("%d were counted, on %d pages and %d on their sites; want %d", counted, pages, total, most)
	}
	wantHeader(t, sitetest.Ask(site, "GET", "/pixel/host0.example/0.gif"), "View-Status", "counted")
}

// Only the proxy in front says who a client is: what clients write themselves gains
// them nothing.
func TestRateLimitAndForwardedAddresses(t *testing.T) {
	cfg := newConfig()
	cfg.RateLimit = 3
	cfg.TrustedProxies = client.Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	for name, test := range map[string]struct {
		peer    string
		forward func(i int) []string
		want    int
	}{
		"a stranger names a new client each time": {"192.0.2.1:1", func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i)} }, 3},
		"a client of the proxy does, before the proxy's own": {"10.0.0.1:1", func(i int) []string {
			return []string{"X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 203.0.113.9", i)}
		}, 3},
		"in other headers": {"10.0.0.1:1", func(i int) []string {
			return []string{"X-Forwarded-For", "203.0.113.9", "Forwarded", fmt.Sprintf("for=198.51.100.%d", i), "X-Real-Ip", fmt.Sprint(i), "True-Client-Ip", fmt.Sprint(i)}
		}, 3},
		"of one network of IPv6": {"10.0.0.1:1", func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("2001:db8::%x", i)} }, 3},
		"an IPv4 address, written as IPv6": {"10.0.0.1:1", func(i int) []string {
			return []string{"X-Forwarded-For", []string{"203.0.113.9", "::ffff:203.0.113.9"}[i%2]}
		}, 3},
		"from another port":                 {"", func(i int) []string { return nil }, 3},
		"really other clients of the proxy": {"10.0.0.1:1", func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i)} }, 10},
	} {
		site := newQuietSite(t, cfg, countermemory.New())
		counted := 0
		for i := range 10 {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/views/example.com/a", nil)
			r.RemoteAddr = test.peer
			if test.peer == "" {
				r.RemoteAddr = fmt.Sprintf("192.0.2.7:%d", 1000+i)
			}
			r.Header.Set("User-Agent", sitetest.Browser)
			headers := test.forward(i)
			for j := 0; j < len(headers); j += 2 {
				r.Header.Set(headers[j], headers[j+1])
			}
			w := httptest.NewRecorder()
			site.ServeHTTP(w, r)
			if w.Header().Get("View-Status") == "counted" {
				counted++
			} else {
				wantHeader(t, w, "View-Status", "skipped;reason=rate")
			}
		}
		if counted != test.want {
			t.Errorf("%s: %d are counted; want %d", name, counted, test.want)
		}
	}
}

// newQuietSite returns a site whose log is not shown but checked: each entry must be one line,
// whatever strangers send.
func newQuietSite(t *testing.T, cfg config.Config, kept counter.Store) http.Handler {
	t.Helper()
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return newSiteWith(t, cfg, kept, zap.New(zapcore.NewCore(encoder, zapcore.AddSync(oneLine{t}), zapcore.DebugLevel)))
}

// oneLine fails if an entry of the log is not one line of JSON.
type oneLine struct{ t *testing.T }

func (l oneLine) Write(line []byte) (int, error) {
	if !json.Valid(line) || strings.Count(string(line), "\n") != 1 || strings.ContainsFunc(strings.TrimSuffix(string(line), "\n"), func(r rune) bool { return r < ' ' }) {
		l.t.Errorf("logged: %q", line)
	}
	return len(line), nil
}
