package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// visitor is the agent of a browser that somebody sits at. By its own, HeadlessChrome, a
// browser without a window is a bot.
const visitor = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

// browserTimeout ends a test whose browser hangs.
const browserTimeout = 10 * time.Minute

func TestBrowserCountsEachReload(t *testing.T) {
	t.Parallel()
	app := startProcess(t)
	browser := startBrowser(t)
	do(browser, t, chromedp.Navigate(app.url+"/"))
	for n := range int64(3) {
		if got := viewsIn(browser, t); got != n+1 {
			t.Fatalf("the page shows %d views; want %d", got, n+1)
		}
		do(browser, t, chromedp.Reload())
	}
	title, err := chromedp.Run(browser, chromedp.Title())
	if err != nil || title != "Hello, world!" {
		t.Errorf("title %q, %v", title, err)
	}
	app.wantView(t, 5) // nothing else the browser asks for counts
}

// A link whose page the browser has loaded ahead of the click counts one view
// when it is followed, and none before.
func TestBrowserCountsASpeculatedPageOnce(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"prefetch", "prerender"} {
		t.Run(action, func(t *testing.T) {
			app := startProcess(t)
			site, speculated := startLinkingSite(t, app.url, action)
			browser := startBrowser(t)
			do(browser, t, chromedp.Navigate(site+"/link"))
			select {
			case <-speculated:
			case <-browser.Done():
				t.Fatalf("the browser did not %s the link", action)
			}
			do(browser, t, chromedp.Click(chromedp.CSS("a")), chromedp.WaitReady(chromedp.CSS("p")))
			if got := viewsIn(browser, t); got != 1 {
				t.Errorf("the page shows %d views; want 1", got)
			}
			app.wantView(t, 2)
		})
	}
}

// A page that Back brings back from the browser's memory counts, and shows its new number.
func TestBrowserCountsBack(t *testing.T) {
	t.Parallel()
	app := startProcess(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!DOCTYPE html><title>elsewhere</title><i>elsewhere</i>`)
	}))
	defer elsewhere.Close()
	browser := startBrowser(t)
	do(browser, t, chromedp.Navigate(app.url+"/"))
	for n := range int64(2) {
		do(browser, t,
			chromedp.Navigate(elsewhere.URL), chromedp.WaitReady(chromedp.CSS("i")),
			chromedp.Evaluate[chromedp.Void]("history.back()"))
		// The page comes from the browser's memory, and then loads itself again.
		waitUntil(browser, t, `performance.getEntriesByType("navigation")[0].type == "reload" && document.readyState == "complete"`)
		if got := viewsIn(browser, t); got != n+2 {
			t.Errorf("the page shows %d views; want %d", got, n+2)
		}
	}
	app.wantView(t, 4)
}

// What another site's pages do with the address of the page, without opening it, counts
// nothing.
func TestBrowserCountsNothingEmbedded(t *testing.T) {
	t.Parallel()
	app := startProcess(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!DOCTYPE html><title>elsewhere</title>
<link rel="preload" as="image" href="%[1]s/?preload"><link rel="stylesheet" href="%[1]s/?style">
<img src="%[1]s/?image"><script src="%[1]s/?script"></script><iframe src="%[1]s/?frame"></iframe>
<object data="%[1]s/?object"></object><embed src="%[1]s/?embed"><video src="%[1]s/?video"></video>
<script>
onload = async () => {
	await fetch("%[1]s/?fetch", { mode: "no-cors" });
	await fetch("%[1]s/?cors").catch(() => {});
	await new Promise((done) => { new WebSocket("%[1]s/?websocket".replace("http", "ws")).onerror = done });
	document.body.append(document.createElement("hr"));
};
</script>`, app.url)
	}))
	defer elsewhere.Close()
	browser := startBrowser(t)
	do(browser, t, chromedp.Navigate(elsewhere.URL), chromedp.WaitReady(chromedp.CSS("hr")))
	if embedded := strings.Count(app.logged(t), `"view_status":"skipped;reason=embedded"`); embedded < 10 {
		t.Errorf("the app was asked for %d parts of a page; want 10 at least:\n%s", embedded, app.log())
	}
	app.wantView(t, 1)
}

// startLinkingSite serves the app and, beside it, a page that links to it with
// speculation rules. The channel closes once the app has answered the request
// these rules led to.
func startLinkingSite(t *testing.T, app, action string) (site string, speculated <-chan struct{}) {
	t.Helper()
	target, err := url.Parse(app)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{}, 16)
	proxy := httputil.NewSingleHostReverseProxy(target)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(w, r)
		if r.Header.Get("Sec-Purpose") != "" {
			answered <- struct{}{}
		}
	})
	mux.HandleFunc("/link", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!DOCTYPE html><title>link</title><a href="/">open</a>
<script type="speculationrules">{%q: [{"source": "list", "urls": ["/"], "eagerness": "immediate"}]}</script>`, action)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, answered
}

// startBrowser starts a headless Chromium that ends with the test.
func startBrowser(t *testing.T, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserTimeout)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(findChromium(t)),
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), // Chromium refuses to run as root with its sandbox
		chromedp.UserAgent(visitor),
	), options...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	do(ctx, t)
	return ctx
}

func findChromium(t *testing.T) string {
	t.Helper()
	return findProgram(t, "chromium", "chromium", "chromium-browser", "google-chrome")
}

// findProgram returns where the first of the names is that is installed, which the package
// brings.
func findProgram(t *testing.T, pack string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	how := fmt.Sprintf("none of %s is installed: apt-get install %s, or make test", strings.Join(names, ", "), pack)
	if os.Getenv("CI") == "true" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}

// do takes the steps. One that finds its node in a page that is just being replaced
// is taken again, on the next one.
func do(browser context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for _, step := range steps {
		err := chromedp.Do(browser, step)
		for err != nil && strings.Contains(err.Error(), "Could not find node with given id") && browser.Err() == nil {
			err = chromedp.Do(browser, step)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// waitUntil waits until the expression is true in the page that is shown.
func waitUntil(browser context.Context, t *testing.T, expression string) {
	t.Helper()
	for {
		is, err := chromedp.Run(browser, chromedp.Evaluate[bool](expression))
		if browser.Err() != nil {
			t.Fatalf("not true in the end: %s: %v", expression, err)
		}
		if is {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// viewsIn reads the number from the page as it is shown.
func viewsIn(browser context.Context, t *testing.T) int64 {
	t.Helper()
	html, err := chromedp.Run(browser, chromedp.OuterHTML(chromedp.CSS("p")))
	if err != nil {
		t.Fatal(err)
	}
	return views(html)
}
