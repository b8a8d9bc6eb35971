package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A browser logs in, comes back, is safe from other sites' pages, and logs out;
// without TLS and behind a proxy that does it.
func TestBrowserLogsIn(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			app := startProcess(t, withPassword, withKey)
			site := app.url
			if scheme == "https" {
				site = startTLSProxy(t, app.url)
			}
			browser := startBrowser(t, chromedp.Flag("ignore-certificate-errors", true))
			do(browser, t, chromedp.Navigate(site+"/admin/"))
			logIn(browser, t, "wrong")
			do(browser, t, chromedp.WaitReady(chromedp.CSS(`[role="alert"]`)))
			logIn(browser, t, adminPassword)
			do(browser, t, chromedp.WaitReady(chromedp.CSS("#store")), chromedp.Navigate(site+"/"))
			for _, path := range []string{"/admin", "/admin/", "/admin/login"} {
				do(browser, t, chromedp.Navigate(site+path), chromedp.WaitReady(chromedp.CSS("#store")))
			}

			for _, path := range []string{"/admin/logout", "/admin/reset", "/admin/login"} {
				attacker := startPostingSite(t, site+path)
				do(browser, t, chromedp.Navigate(attacker), chromedp.WaitReady(chromedp.CSS("body")))
				do(browser, t, chromedp.Click(chromedp.CSS("button")))
				waitForAddress(browser, t, site+path) // the refusal
			}
			do(browser, t, chromedp.Navigate(site+"/admin/counters"), chromedp.WaitReady(chromedp.CSS("#store")))
			if refused := strings.Count(app.logged(t), "refused a request from another site"); refused != 3 {
				t.Errorf("%d of 3 posts of another site were refused", refused)
			}

			do(browser, t, chromedp.Click(chromedp.CSS("nav button")), chromedp.WaitReady(chromedp.CSS("#password")))
			do(browser, t, chromedp.Navigate(site+"/admin/"), chromedp.WaitReady(chromedp.CSS("#password")))
		})
	}
}

func logIn(browser context.Context, t *testing.T, password string) {
	t.Helper()
	do(browser, t,
		chromedp.WaitReady(chromedp.CSS("#password")), chromedp.Focus(chromedp.CSS("#password")),
		chromedp.KeyEvent(password+"\r"))
}

// waitForAddress waits until the browser shows what is at the address.
func waitForAddress(browser context.Context, t *testing.T, address string) {
	t.Helper()
	for {
		shown, err := chromedp.Run(browser, chromedp.Evaluate[string]("document.readyState + \x27 \x27 + location.href"))
		if browser.Err() != nil {
			t.Fatalf("%q is shown, %v; want %s", shown, err, address)
		}
		if shown == "complete "+address {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// startTLSProxy does what a proxy in front of the app does.
func startTLSProxy(t *testing.T, app string) string {
	t.Helper()
	target, err := url.Parse(app)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// startPostingSite serves a page of another site with a form that posts to the target.
func startPostingSite(t *testing.T, target string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!DOCTYPE html><title>x</title><form method="post" action="%s"><input name="name" value="counter_key"><button>x</button></form>`, target)
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// A link from another site leads to the admin site as its own do, logged in.
func TestLinkFromAnotherSite(t *testing.T) {
	t.Parallel()
	app := startProcess(t, withPassword, withKey)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!DOCTYPE html><title>x</title><a href="%s/admin/import">x</a>`, app.url)
	}))
	t.Cleanup(other.Close)
	browser := startBrowser(t)
	do(browser, t, chromedp.Navigate(app.url+"/admin/"))
	logIn(browser, t, adminPassword)
	do(browser, t, chromedp.WaitReady(chromedp.CSS("#store")),
		chromedp.Navigate(strings.Replace(other.URL, "127.0.0.1", "localhost", 1)), chromedp.Click(chromedp.CSS("a")))
	waitForAddress(browser, t, app.url+"/admin/import")
}

// After a log-out, Back shows nothing that was behind the login, however many pages were
// opened and wherever the log-out was: Chromium keeps pages in memory in spite of no-store.
func TestBackAfterLogOut(t *testing.T) {
	t.Parallel()
	app := startProcess(t, withPassword, withKey)
	proxy := startTLSProxy(t, app.url)
	browser := startBrowser(t, chromedp.Flag("ignore-certificate-errors", true))
	// The log-out is the same on every page, and what it does depends on TLS: not each page needs both.
	both, one := []string{app.url, proxy}, []string{proxy}
	for name, test := range map[string]struct{ visited, sites []string }{
		"the first page":     {nil, both},
		"a counter":          {[]string{"/admin/counter?name=counter_key"}, one},
		"the list again":     {[]string{"/admin/"}, one},
		"the list, searched": {[]string{"/admin/counters?prefix=views"}, one},
		"an import":          {[]string{"/admin/import"}, one},
		"a problem":          {[]string{"/admin/nowhere"}, one},
		"many":               {[]string{"/admin/counter?name=counter_key", "/admin/import", "/admin/nowhere", "/admin/counters?prefix=a", "/", "/admin/"}, both},
	} {
		for _, site := range test.sites {
			do(browser, t, chromedp.Navigate(site+"/admin/"))
			logIn(browser, t, adminPassword)
			do(browser, t, chromedp.WaitReady(chromedp.CSS("#store")))
			for _, path := range test.visited {
				do(browser, t, chromedp.Navigate(site+path), chromedp.WaitReady(chromedp.CSS("h1, p")))
			}
			do(browser, t, chromedp.Click(chromedp.CSS("nav button")), chromedp.WaitReady(chromedp.CSS("#password")))
			for range len(test.visited) + 1 {
				goBack(browser, t)
				var html string
				var err error
				for html == "" && err == nil { // a page that is just being loaded has no element yet
					html, err = chromedp.Run(browser, chromedp.Evaluate[string]("document.documentElement?.outerHTML ?? ''"))
				}
				if err != nil || strings.Contains(html, "<nav") {
					t.Errorf("%s, %.5s: after the log-out, Back shows %.500s, %v", name, site, html, err)
				}
			}
		}
	}
}

// goBack presses Back, and waits until another page is shown.
func goBack(browser context.Context, t *testing.T) {
	t.Helper()
	do(browser, t, chromedp.Evaluate[chromedp.Void]("window.left = true; history.back()"))
	waitUntil(browser, t, "document.readyState == 'complete' && !window.left")
}
