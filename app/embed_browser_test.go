package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	counterfile "example.com/herokuapp/counter-file"
	"example.com/herokuapp/templates/embed"
)

// browsersTimeout ends the test of the script if a browser hangs.
const browsersTimeout = 5 * time.Minute

// Hosts of pages, of another origin than the counter. Each is this machine.
const (
	blog      = "blog.example"
	otherBlog = "other.example" // whose storage is its own
	counterAt = "views.example"
)

// driver is a browser with one tab.
type driver interface {
	// open goes to a page and waits until it has loaded.
	open(url string) error
	// evaluate returns what an expression, or the promise it is, comes to.
	evaluate(expression string) (json.RawMessage, error)
}

// chromium is a [driver].
type chromium struct{ tab context.Context }

func (c chromium) open(url string) error { return chromedp.Do(c.tab, chromedp.Navigate(url)) }

func (c chromium) evaluate(expression string) (json.RawMessage, error) {
	return chromedp.Run(c.tab, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
}

// stage is a counter, pages elsewhere that use it, and a browser.
type stage struct {
	driver
	counter *process
	base    string // of the counter, as the pages know it
	port    string // of the pages

	mu    sync.Mutex
	pages map[string]string // by path
	said  map[string]bool   // by pages
}

// TestEmbed has real browsers show pages with the script, from another origin than the counter.
func TestEmbed(t *testing.T) {
	for name, start := range browsers() {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, start)
			for _, scenario := range scenarios {
				t.Run(scenario.name, func(t *testing.T) {
					scenario.run(t, s)
					s.wantNoTrace(t)
				})
			}
		})
	}
}

// browsers returns how to start each, with hosts of pages and of counters that are this machine.
func browsers() map[string]func(*testing.T) driver {
	return map[string]func(*testing.T) driver{
		"Chromium": func(t *testing.T) driver {
			t.Helper()
			return chromium{startBrowser(t, chromedp.Flag("host-resolver-rules", "MAP *.example 127.0.0.1"),
				chromedp.Flag("disable-features", "HttpsUpgrades"))}
		},
		"Firefox": func(t *testing.T) driver {
			t.Helper()
			return startFirefox(t, blog, otherBlog, counterAt)
		},
	}
}

func newStage(t *testing.T, start func(*testing.T) driver, variables ...string) *stage {
	t.Helper()
	file := filepath.Join(t.TempDir(), "counts.db")
	store, err := counterfile.Open(file, counterfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Set(t.Context(), "views:example.com/known", 1234567), store.Close()); err != nil {
		t.Fatal(err)
	}
	s := &stage{counter: startProcess(t, append([]string{patient, "DATA_FILE=" + file, "KEEP_QUERY=p", "RATE_LIMIT=0"}, variables...)...), pages: map[string]string{}, said: map[string]bool{}}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.counter.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	s.base = "http://" + net.JoinHostPort(counterAt, port)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	if _, s.port, err = net.SplitHostPort(server.Listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	s.driver = start(t)
	return s
}

// prelude goes before everything in a page: it notes what the page asks and what fails.
const prelude = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>a page</title><link rel="icon" href="data:,"><script>
	const asked = [], faults = []
	const ask = window.fetch
	window.fetch = (...args) => {
		const answer = ask(...args)
		asked.push([args[1].method ?? 'GET', answer.then(got => got.clone().text()).catch(() => {})])
		return answer
	}
	// settled resolves once every question is answered and what follows from it was done.
	const settled = async () => {
		for (let before = -1; before != asked.length; ) {
			before = asked.length
			await Promise.all(asked.map(([, answer]) => answer))
			await new Promise(done => setTimeout(done))
		}
	}
	const posts = () => asked.filter(([method]) => method == 'POST').length
	const texts = () => [...document.querySelectorAll('[data-views]')].map(element => element.textContent).join('|')
	addEventListener('error', event => event.message && faults.push(event.message))
	addEventListener('unhandledrejection', event => faults.push('rejected: ' + event.reason))
	addEventListener('pageshow', event => (window.restored = event.persisted))
</script>`

// ServeHTTP serves the pages.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if what, ok := strings.CutPrefix(r.URL.Path, "/say/"); ok {
		s.say(what)
		return
	}
	if what, ok := strings.CutPrefix(r.URL.Path, "/said/"); ok && s.wasSaid(what) {
		return
	}
	s.mu.Lock()
	html, ok := s.pages[r.URL.Path]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(prelude + html))
}

// script is the element that a page has of the script.
func (s *stage) script(attributes string) string {
	return fmt.Sprintf(`<script src="%s/embed.js" %s></script>`, s.base, attributes)
}

// add serves a page, and returns its address.
func (s *stage) add(path, html string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = html
	return s.url(blog, path)
}

func (s *stage) url(host, path string) string {
	return "http://" + net.JoinHostPort(host, s.port) + path
}

// show opens a page, and waits until it is answered.
func (s *stage) show(t *testing.T, url string) {
	t.Helper()
	// A browser may say that it went before it has: the page it leaves is complete, too.
	if _, err := s.evaluate("window.left = true"); err != nil {
		t.Fatal(err)
	}
	if err := s.open(url); err != nil {
		t.Fatal(err)
	}
	s.until(t, `!window.left && document.readyState == 'complete' && typeof settled == 'function'`)
	s.settle(t)
}

// settle waits until the page that is shown has its answers.
func (s *stage) settle(t *testing.T) {
	t.Helper()
	if _, err := s.evaluate("settled().then(() => true)"); err != nil {
		t.Fatal(err)
	}
}

// do runs a statement or several in the page, and waits for the answers.
func (s *stage) do(t *testing.T, statements string) {
	t.Helper()
	if _, err := s.evaluate("(async () => {" + statements + "\n; await settled(); return true})()"); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// until waits until an expression is true in the page.
func (s *stage) until(t *testing.T, expression string) {
	t.Helper()
	deadline := time.Now().Add(browserTimeout)
	for {
		got, err := s.evaluate("(async () => !!(" + expression + "))()") // while a page is replaced it fails
		if err == nil && string(got) == "true" {
			return
		}
		if time.Now().After(deadline) {
			now, _ := s.evaluate("document.documentElement.outerHTML")
			t.Fatalf("not true in the end: %s, %v: %.2000s", expression, err, now)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// shows waits until the elements have these texts.
func (s *stage) shows(t *testing.T, texts string) {
	t.Helper()
	s.until(t, fmt.Sprintf("texts() == %q", texts))
}

// want fails unless the expression comes to the value.
func (s *stage) want(t *testing.T, expression string, value any) {
	t.Helper()
	got, err := s.evaluate("(async () => String(await (" + expression + ")))()")
	var text string
	if err == nil {
		err = json.Unmarshal(got, &text)
	}
	if want := fmt.Sprint(value); err != nil || text != want {
		t.Errorf("%s is %q, %v; want %q", expression, text, err, want)
	}
}

// wantViews fails unless the page of a path was counted so often.
func (s *stage) wantViews(t *testing.T, path string, want int64) {
	t.Helper()
	s.wantViewsAt(t, s.url(blog, path), want)
}

func (s *stage) wantViewsAt(t *testing.T, address string, want int64) {
	t.Helper()
	if got := s.views(t, address); got != want {
		t.Errorf("%s was counted %d times; want %d", address, got, want)
	}
}

func (s *stage) views(t *testing.T, address string) int64 {
	t.Helper()
	return s.read(t, http.MethodGet, address)
}

// read asks the counter itself.
func (s *stage) read(t *testing.T, method, address string) int64 {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.counter.url+"/api/v1/views/"+url.PathEscape(address), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", visitor)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var number struct{ Value *int64 }
	if err := json.NewDecoder(answer.Body).Decode(&number); err != nil || number.Value == nil {
		t.Fatalf("%s: %d, %v", address, answer.StatusCode, err)
	}
	return *number.Value
}

// wantNoTrace fails if something went wrong in the page that is shown, or something was stored.
func (s *stage) wantNoTrace(t *testing.T) {
	t.Helper()
	s.want(t, "faults.join()", "")
	s.want(t, "document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)", "{}{}")
	s.want(t, "indexedDB.databases().then(all => all.length)", 0)
}

// scenarios hold in every browser.
//
//nolint:gochecknoglobals // a table of tests
var scenarios = []struct {
	name string
	run  func(*testing.T, *stage)
}{
	{"a plain page", func(t *testing.T, s *stage) {
		page := s.add("/plain", s.script("defer")+`<p data-views>–</p><p data-views="">–</p><p data-views="site">–</p><p data-views="example.com/known">–</p>
			<p data-views="/plain-known">–</p><p data-views="not a page">–</p><p data-views="constructor">–</p><p>–</p>`)
		s.read(t, http.MethodPost, s.url(blog, "/plain-known"))
		for n := range 3 {
			s.show(t, page+"?utm_source="+strconv.Itoa(n)+"#top")
			s.shows(t, fmt.Sprintf("%[1]d|%[1]d|%[2]d|1,234,567|1|–|0", n+1, n+2))
			s.want(t, "posts()", 1)
			s.wantViews(t, "/plain", int64(n+1))
		}
	}},
	{"a canonical link", func(t *testing.T, s *stage) {
		s.show(t, s.add("/canonical", `<link rel="Canonical alternate" href="/canon">`+s.script("defer")+`<p data-views>–</p>`))
		s.shows(t, "1")
		s.wantViews(t, "/canon", 1)
		s.wantViews(t, "/canonical", 0)
		// It says nothing of the pages that a single-page site goes to, and holds again for the first.
		s.do(t, "history.pushState(null, '', '/canonical-next')")
		s.wantViews(t, "/canonical-next", 1)
		s.do(t, "history.back()")
		s.until(t, "texts() == '2'")
		s.wantViews(t, "/canon", 2)
	}},
	{"two scripts", func(t *testing.T, s *stage) {
		s.show(t, s.add("/two", s.script("defer")+s.script("")+s.script(`type="module"`)+
			fmt.Sprintf(`<script type="module">import %q</script>`, s.base+"/embed.js?ver=2")+`<p data-views>–</p>`))
		s.shows(t, "1")
		s.wantViews(t, "/two", 1)
	}},
	{"each way to load it", func(t *testing.T, s *stage) {
		// What another service calls by the same name is not ours.
		other := fmt.Sprintf(`<script src="%s"></script>`, s.add("/elsewhere/embed.js", ""))
		load := fmt.Sprintf("%s/embed.js?ver=6.5", s.base)
		for path, tag := range map[string]string{
			"/way/blocking": s.script(""),
			"/way/async":    s.script("async"),
			"/way/module":   s.script(`type="module"`),
			"/way/import":   fmt.Sprintf(`<script type="module">import %q</script>`, load),
			"/way/dynamic":  fmt.Sprintf(`<script>import(%q)</script>`, load),
			"/way/inserted": fmt.Sprintf(`<script>document.head.append(Object.assign(document.createElement('script'), {src: %q}))</script>`, load),
		} {
			s.show(t, s.add(path, other+tag+`<p data-views>–</p>`))
			s.until(t, "texts() == '1'")
			s.wantViews(t, path, 1)
			s.do(t, "await views.count()")
			s.wantViews(t, path, 2)
			if path == "/way/blocking" || path == "/way/async" {
				s.want(t, "faults.splice(0).length > 0", true) // the other's page is not a script
			} else {
				s.do(t, "faults.length = 0")
			}
		}
	}},
	{"a single-page site", func(t *testing.T, s *stage) { singlePage(t, s, "/spa", "") }},
	{"a single-page site without the Navigation API", func(t *testing.T, s *stage) {
		singlePage(t, s, "/spa-old", `<script>delete window.navigation</script><nav id="navigation"></nav>`)
	}},
	{"a router at work before the page has loaded", func(t *testing.T, s *stage) {
		s.show(t, s.add("/early", s.script("")+`<p data-views>–</p><script>history.pushState(null, '', '/early/home')</script>`))
		s.shows(t, "1")
		s.want(t, "posts()", 1)
		s.wantViews(t, "/early/home", 1)
		s.wantViews(t, "/early", 0)
	}},
	{"elements that come later", func(t *testing.T, s *stage) {
		s.show(t, s.add("/later", s.script("defer")+`<main></main>`))
		s.do(t, `document.querySelector('main').innerHTML = '<p data-views>–</p><p data-views="example.com/known">–</p>'`)
		s.until(t, "texts() == '1|1,234,567'")
		// A page that writes numbers in its own way is left alone.
		s.do(t, `document.querySelector('p').textContent = 'one'`)
		s.want(t, "new Promise(done => setTimeout(done)).then(texts)", "one|1,234,567")
		s.wantViews(t, "/later", 1)
	}},
	{"Back", func(t *testing.T, s *stage) {
		page, other := s.add("/back", s.script("defer")+`<p data-views>–</p>`), s.add("/back-other", "other")
		s.show(t, page)
		for n := range 2 {
			s.show(t, other)
			s.do(t, "setTimeout(() => history.back())")
			s.until(t, fmt.Sprintf("window.restored && texts() == '%d'", n+2))
			s.settle(t)
			s.wantViews(t, "/back", int64(n+2))
			s.want(t, "posts()", n+2) // the same document
		}
		// A page with a stream, which Firefox does not keep.
		s.show(t, s.add("/back-live", s.script("defer")+`<p data-views data-live>–</p>`))
		s.show(t, other)
		s.do(t, "setTimeout(() => history.back())")
		s.until(t, "texts() == '2'")
		s.settle(t)
		s.wantViews(t, "/back-live", 2)
	}},
	{"frames", func(t *testing.T, s *stage) {
		s.add("/framed", s.script("defer")+`<p data-views>–</p><script>
			const timer = setInterval(() => texts() == '–' || (parent.postMessage(texts(), '*'), clearInterval(timer)), 10)
		</script>`)
		s.show(t, s.add("/frames", fmt.Sprintf(`<script>const said = []; addEventListener('message', event => said.push(event.data))</script>
			<iframe src="/framed"></iframe><iframe sandbox="allow-scripts" src="/framed"></iframe><iframe src=%q></iframe>`, s.url(otherBlog, "/framed"))))
		s.until(t, "said.join() == '0,0,0'")
		s.wantViews(t, "/framed", 0)
		s.wantViewsAt(t, s.url(otherBlog, "/framed"), 0)
	}},
	{"localhost", func(t *testing.T, s *stage) {
		s.add("/local", s.script("defer")+`<p data-views>–</p>`)
		s.add("/local-asked", s.script("defer data-local")+`<p data-views>–</p>`)
		s.add("/local-module", s.script(`type="module" data-local`)+`<p data-views>–</p>`)
		for _, host := range []string{"localhost", "127.0.0.1", "a.localhost"} {
			s.show(t, s.url(host, "/local"))
			s.until(t, "texts() == '0'")
			s.want(t, "posts()", 0)
			s.wantViewsAt(t, s.url(host, "/local"), 0)
			for _, path := range []string{"/local-asked", "/local-module"} {
				s.show(t, s.url(host, path))
				s.until(t, "texts() == '1'")
				s.wantViewsAt(t, s.url(host, path), 1)
			}
		}
	}},
	{"the owner's own views", func(t *testing.T, s *stage) {
		s.add("/own", s.script("defer")+`<p data-views>–</p>`)
		page := s.url(otherBlog, "/own")
		for _, step := range []struct {
			open string
			want int64
		}{{"", 1}, {"?1#views-skip", 1}, {"?2", 1}, {"?3#views-count", 2}, {"?4", 3}, {"?5", 4}} {
			s.show(t, page+step.open)
			s.shows(t, strconv.FormatInt(step.want, 10))
			s.wantViewsAt(t, page, step.want)
		}
		s.wantNoTrace(t)
		// Without loading the page again, too.
		s.do(t, "location.hash = 'views-skip'; await new Promise(done => addEventListener('hashchange', done, {once: true}))")
		s.want(t, "JSON.stringify(localStorage)", `{"views-skip":"1"}`)
		s.do(t, "await views.count()")
		s.wantViewsAt(t, page, 4)
		s.do(t, "location.hash = 'views-count'; await new Promise(done => addEventListener('hashchange', done, {once: true}))")
	}},
	{"storage that is forbidden", func(t *testing.T, s *stage) {
		page := s.add("/forbidden", `<script>const kept = localStorage; Object.defineProperty(window, 'localStorage', { configurable: true, get() { throw new DOMException('no', 'SecurityError') } })</script>`+
			s.script("defer")+`<p data-views>–</p>`)
		s.show(t, page)
		s.show(t, page+"?1#views-skip")
		s.shows(t, "1")
		s.wantViews(t, "/forbidden", 1)
		s.do(t, "Object.defineProperty(window, 'localStorage', { value: kept })")
	}},
	{"a program on the page", func(t *testing.T, s *stage) {
		s.show(t, s.add("/program/", s.script("defer")))
		s.want(t, "views.count('step').then(n => n.value)", 1)
		s.want(t, "views.count('/program/step/').then(n => n.value)", 2)
		s.wantViews(t, "/program/step", 2)
		s.want(t, "views.count().then(n => n.value)", 2)
		s.want(t, "views.get().then(n => n.value)", 2)
		s.want(t, "views.get('/program/step').then(n => n.value)", 2)
		s.want(t, "views.get('example.com/known').then(n => n.value)", 1234567)
		s.want(t, "views.get('not a page').catch(fault => fault.message)", "views: 400")
		s.want(t, "views.count('http://[').catch(fault => fault.name)", "TypeError")
	}},
	{"a page with names of its own", func(t *testing.T, s *stage) {
		s.show(t, s.add("/names", s.script("defer")+`<form id="views"><input name="count"></form><p data-views id="top">–</p><p id="self"></p>`))
		s.shows(t, "1")
		s.want(t, "views.get().then(n => n.value)", 1)
		s.show(t, s.add("/names-own", `<script>var views = 7; function count() {}</script>`+s.script("defer")+`<p data-views>–</p>`))
		s.until(t, "texts() + views == '17'")
		s.show(t, s.add("/names-const", `<script>const views = 7</script>`+s.script("defer")+`<p data-views>–</p>`))
		s.until(t, "texts() + views == '17'")
	}},
	{"a base elsewhere", func(t *testing.T, s *stage) {
		s.show(t, s.add("/based", `<base href="http://nowhere.example/x/">`+s.script("defer")+`<p data-views>–</p>`))
		s.shows(t, "1")
		s.wantViews(t, "/based", 1)
		s.want(t, "views.count('/based').then(n => n.value)", 2)
	}},
	{"parameters that choose a page", func(t *testing.T, s *stage) {
		page := s.add("/kept", s.script("defer")+`<p data-views>–</p>`)
		s.show(t, page+"?p=1&utm=2")
		s.wantViews(t, "/kept?p=1", 1)
		s.do(t, "history.pushState(null, '', '?utm=3&p=1')")
		s.want(t, "posts()", 1)
		s.do(t, "history.pushState(null, '', '?p=2')")
		s.do(t, "history.pushState(null, '', '?')")
		s.want(t, "posts()", 3)
		s.wantViews(t, "/kept?p=1", 1)
		s.wantViews(t, "/kept?p=2", 1)
		s.wantViews(t, "/kept", 1)
	}},
	{"live", func(t *testing.T, s *stage) {
		page := s.add("/live", s.script("defer")+`<p data-views data-live>–</p><p data-views="/live" data-live>–</p><p data-views>–</p>`)
		s.show(t, page)
		s.until(t, "texts() == '1|1|1'")
		for n := range 2 {
			s.read(t, http.MethodPost, page)
			s.until(t, fmt.Sprintf("texts() == '%[1]d|%[1]d|%[1]d'", n+2))
		}
		// The streams are of the page that is shown.
		s.do(t, "history.pushState(null, '', '/live-next')")
		s.until(t, "texts() == '1|3|1'")
		s.read(t, http.MethodPost, s.url(blog, "/live-next"))
		s.until(t, "texts() == '2|3|2'")
		s.show(t, s.add("/live-other", "other"))
		s.wantStreamsEnded(t, 3)
	}},
	{"a live site", func(t *testing.T, s *stage) {
		s.show(t, s.add("/live-site", s.script("defer")+`<p data-views="site" data-live></p><script>const number = () => Number(texts().replace(/\D/g, ""))</script>`))
		s.until(t, "number() > 0")
		s.do(t, "window.before = number()")
		s.read(t, http.MethodPost, s.url(blog, "/live-site-other"))
		s.until(t, "number() == before + 1")
	}},
	{"a counter that is away", func(t *testing.T, s *stage) {
		for mode, away := range map[string]http.HandlerFunc{
			"gone":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"refused":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, // without CORS
			"failing":  withCORS(func(w http.ResponseWriter) { http.Error(w, "<p>Bad gateway", http.StatusBadGateway) }),
			"nonsense": withCORS(func(w http.ResponseWriter) { fmt.Fprint(w, "<!DOCTYPE html>Log in to this network") }),
			"pending": withCORS(func(w http.ResponseWriter) {
				w.WriteHeader(http.StatusAccepted)
				fmt.Fprint(w, `{"name":"x","status":"pending"}`)
			}),
		} {
			counter := s.startCounter(t, away)
			s.show(t, s.add("/away-"+mode, fmt.Sprintf(`<script src="%s/below/embed.js" defer></script>
				<p data-views data-live>–</p><p data-views="site">–</p><p data-views="example.com/known">–</p>`, counter)))
			s.want(t, "posts()", 1)
			s.do(t, "history.pushState(null, '', '/away-next')")
			s.want(t, "posts()", 2)
			s.want(t, "texts()", "–|–|–")
			s.want(t, "faults.join()", "")
		}
		// Or the script itself can't be loaded.
		s.show(t, s.add("/away", `<script src="http://views.example:1/embed.js" defer></script><p data-views>–</p>`))
		s.want(t, "texts()", "–")
	}},
	{"a counter that goes away", func(t *testing.T, s *stage) {
		var away atomic.Bool
		target, err := url.Parse(s.counter.url)
		if err != nil {
			t.Fatal(err)
		}
		proxy := http.StripPrefix("/below", httputil.NewSingleHostReverseProxy(target))
		counter := s.startCounter(t, func(w http.ResponseWriter, r *http.Request) {
			if away.Load() {
				panic(http.ErrAbortHandler)
			}
			proxy.ServeHTTP(w, r)
		})
		s.show(t, s.add("/goes", fmt.Sprintf(`<script src="%s/below/embed.js" defer></script><p data-views>–</p>`, counter)))
		s.shows(t, "1")
		away.Store(true)
		s.do(t, "history.pushState(null, '', '/goes-next')")
		s.want(t, "texts()", "") // and not the number of the page before
		away.Store(false)
		s.do(t, "history.back()")
		s.until(t, "texts() == '2'")
	}},
	{"a number that is at least so high", func(t *testing.T, s *stage) {
		counter := s.startCounter(t, withCORS(func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, `{"name":"x","atLeast":1234,"status":"pending"}`)
		}))
		s.show(t, s.add("/least", fmt.Sprintf(`<script src="%s/below/embed.js" defer></script><p data-views>–</p>`, counter)))
		s.shows(t, "≥ 1,234")
	}},
}

// singlePage goes about in a site that is one page. head goes before the script.
func singlePage(t *testing.T, s *stage, path, head string) {
	t.Helper()
	s.show(t, s.add(path, head+s.script("defer")+`<a href="#part">part</a><p data-views>–</p>`))
	s.shows(t, "1")
	posts := 1
	for _, step := range []struct {
		do     string
		counts string // the page that counts, below path
		views  int64  // it has then
	}{
		{do: "history.pushState(null, '', '$')"},
		{do: "history.pushState(null, '', '$/')"},
		{do: "history.pushState(null, '', '$/index.html')"},
		{do: "history.pushState({ some: 'state' }, '', '$?utm=1#a')"},
		{do: "history.pushState(null, '', '#b')"},
		{do: "location.hash = 'c'"},
		{do: "document.querySelector('a').click()"},
		{do: "history.pushState(null, '', '$/~a%2f%c3%a9')", counts: "/~a%2F%C3%A9", views: 1},
		{do: "history.pushState(null, '', '$/%7Ea%2F%C3%A9/')"},
		{do: "history.pushState(null, '', '$/b')", counts: "/b", views: 1},
		{do: "history.replaceState(null, '', '$/c')"},
		{do: "history.pushState(null, '', '$/c?x')"},
		{do: "history.pushState(null, '', '$/b')", counts: "/b", views: 2},
		{do: "history.back()"}, // to c?x, a page that was not counted by itself
		{do: "history.pushState(null, '', '$/d')", counts: "/d", views: 1},
	} {
		before := s.address(t)
		s.do(t, strings.ReplaceAll(step.do, "$", path))
		if step.do == "history.back()" {
			s.until(t, fmt.Sprintf("location.href != %q", before))
			s.settle(t)
			step.counts, step.views = "/c", 1
		}
		if step.counts != "" {
			posts++
			s.shows(t, strconv.FormatInt(step.views, 10))
			s.wantViews(t, path+step.counts, step.views)
		}
		s.want(t, "posts()", posts)
	}
	s.wantViews(t, path, 1)
}

// address is where the browser is.
func (s *stage) address(t *testing.T) string {
	t.Helper()
	got, err := s.evaluate("location.href")
	var address string
	if err == nil {
		err = json.Unmarshal(got, &address)
	}
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// wantStreamsEnded waits until the counter has logged the ends of so many streams.
func (s *stage) wantStreamsEnded(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(browserTimeout); ; time.Sleep(10 * time.Millisecond) {
		ended := strings.Count(s.counter.log(), `"path":"/events/http%3A%2F%2Fblog.example%3A`+s.port+`%2Flive`)
		if ended >= want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d streams have ended; want %d", ended, want)
		}
	}
}

// startCounter serves the script, below a path, and for all else an answer. It returns
// the address.
func (s *stage) startCounter(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/below/embed.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(embed.Script(nil))
			return
		}
		answer(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of what is broken on purpose
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + net.JoinHostPort(counterAt, port)
}

func withCORS(answer func(http.ResponseWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		answer(w)
	}
}

// TestEmbedInAPrerenderedPage has a page counted once it is shown, and not when it is loaded ahead
// of that. Nothing drives this Chromium: it would hold a prerendered page until it is shown. The
// pages do so by themselves, and tell how they fare.
func TestEmbedInAPrerenderedPage(t *testing.T) {
	s := newStage(t, func(*testing.T) driver { return nil })
	s.add("/prerendered", s.script("defer")+`<p data-views data-live>–</p><script>
		history.replaceState(null, '', '?routed')
		history.pushState(null, '', '?routed-again')
		const say = what => fetch('/say/' + what, {})
		addEventListener('load', async () => {
			const more = views.count('/prerendered-more')
			await views.get() // as long as a view that is counted too early would take
			say(document.prerendering ? 'loaded early' : 'loaded late')
			await more
			while (texts() != '1') await new Promise(done => setTimeout(done, 10))
			say('posts: ' + posts() + faults)
		})
	</script>`)
	page := s.add("/prerender", `<a href="/prerendered">open</a>
		<script type="speculationrules">{"prerender": [{"source": "list", "urls": ["/prerendered"], "eagerness": "immediate"}]}</script>
		<script>
			const timer = setInterval(() => fetch('/said/go', {}).then(({ ok }) => ok && (clearInterval(timer), document.querySelector('a').click())), 20)
		</script>`)
	runChromium(t, page)
	s.waitFor(t, "loaded early")
	s.wantViews(t, "/prerendered", 0)
	s.wantViews(t, "/prerendered-more", 0)
	s.say("go")
	s.waitFor(t, "posts: 2")
	s.wantViews(t, "/prerendered", 1)
	s.wantViews(t, "/prerendered-more", 1)
}

// runChromium runs a Chromium that nothing drives until the test ends.
func runChromium(t *testing.T, page string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	arguments := []string{
		"--headless", "--no-first-run", "--user-data-dir=" + t.TempDir(), "--user-agent=" + visitor,
		"--host-resolver-rules=MAP *.example 127.0.0.1", "--disable-features=HttpsUpgrades", "--disable-background-networking", "--disable-dev-shm-usage",
	}
	if os.Geteuid() == 0 {
		arguments = append(arguments, "--no-sandbox")
	}
	cmd := exec.CommandContext(ctx, findChromium(t), append(arguments, page)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = browserTimeout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // interrupted
	})
}

// say notes what a page has said, or is to read.
func (s *stage) say(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said[what] = true
}

func (s *stage) wasSaid(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said[what]
}

// waitFor waits until a page has said it.
func (s *stage) waitFor(t *testing.T, what string) {
	t.Helper()
	for deadline := time.Now().Add(browserTimeout); !s.wasSaid(what); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Fatalf("no page says %q, but %v", what, s.said)
		}
	}
}
