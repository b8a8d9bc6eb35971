package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/herokuapp/templates/embed"
)

// scenarios are pages with our script. They hold in every browser.
//
//nolint:gochecknoglobals // a table of tests
var scenarios = []scenario{
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
		// A framework uses an element again for another name.
		s.do(t, `document.querySelector('p').dataset.views = 'example.com/known'`)
		s.until(t, "texts() == '1,234,567|1,234,567'")
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
		before := s.text(t, "location.href")
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
