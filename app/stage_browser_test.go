package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	counterfile "example.com/herokuapp/counter-file"
)

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

// scenario is what a test does in a browser.
type scenario struct {
	name string
	run  func(*testing.T, *stage)
}

// TestScripts has real browsers, each started once, show pages with our script and with those made
// for other services, from another origin than the counter.
func TestScripts(t *testing.T) {
	t.Parallel()
	for name, start := range browsers() {
		t.Run(name, func(t *testing.T) {
			browser := start(t)
			t.Run("ours", func(t *testing.T) { newStage(t, browser).perform(t, scenarios) })
			t.Run("compat", func(t *testing.T) { newStage(t, browser, "COMPAT=all").perform(t, compatScenarios) })
		})
	}
}

// perform runs the scenarios. None may leave a trace.
func (s *stage) perform(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, scenario := range scenarios {
		t.Run(scenario.name, func(t *testing.T) {
			scenario.run(t, s)
			s.wantNoTrace(t)
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

// newStage starts a counter, with these variables, and a server of pages for the browser.
func newStage(t *testing.T, browser driver, variables ...string) *stage {
	t.Helper()
	file := filepath.Join(t.TempDir(), "counts.db")
	store, err := counterfile.Open(file, counterfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Set(t.Context(), "views:example.com/known", 1234567), store.Close()); err != nil {
		t.Fatal(err)
	}
	s := &stage{driver: browser, counter: startProcess(t, append([]string{patient, "DATA_FILE=" + file, "KEEP_QUERY=p", "RATE_LIMIT=0"}, variables...)...), pages: map[string]string{}, said: map[string]bool{}}
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

// load is the element that a page has of a script, and script that of the embed script.
func (s *stage) load(path, attributes string) string {
	return fmt.Sprintf(`<script src="%s%s" %s></script>`, s.base, path, attributes)
}

func (s *stage) script(attributes string) string { return s.load("/embed.js", attributes) }

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
	if got, want := s.text(t, expression), fmt.Sprint(value); got != want {
		t.Errorf("%s is %q; want %q", expression, got, want)
	}
}

// text returns what the expression comes to, as a text.
func (s *stage) text(t *testing.T, expression string) (text string) {
	t.Helper()
	got, err := s.evaluate("(async () => String(await (" + expression + ")))()")
	if err == nil {
		err = json.Unmarshal(got, &text)
	}
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return text
}

// wantViews fails unless the page of a path was counted so often.
func (s *stage) wantViews(t *testing.T, path string, want int64) {
	t.Helper()
	s.wantViewsAt(t, s.url(blog, path), want)
}

func (s *stage) wantViewsAt(t *testing.T, address string, want int64) {
	t.Helper()
	if got := s.read(t, http.MethodGet, address); got != want {
		t.Errorf("%s was counted %d times; want %d", address, got, want)
	}
}

// read asks the counter itself.
func (s *stage) read(t *testing.T, method, address string) int64 {
	t.Helper()
	answer, err := s.counter.ask(t.Context(), method, "/api/v1/views/"+url.PathEscape(address))
	if err != nil {
		t.Fatal(err)
	}
	var number struct{ Value *int64 }
	if err := json.Unmarshal([]byte(answer.body), &number); err != nil || number.Value == nil {
		t.Fatalf("%s: %d, %v", address, answer.status, err)
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
