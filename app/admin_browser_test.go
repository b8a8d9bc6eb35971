package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/admin"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/moving"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/counter-core/counterhttp"
	countermemory "example.com/herokuapp/counter-memory"
	"example.com/herokuapp/templates"
)

// noGate lets everybody in: other tests cover the gate.
type noGate struct{}

func (noGate) Session(next http.Handler) http.Handler { return next }
func (noGate) Bearer(next http.Handler) http.Handler  { return next }

// startAdmin serves the admin pages over a store of some counters, and pages of them that are
// hard to come by, below /test/.
func startAdmin(t *testing.T, counted counter.Store) string {
	t.Helper()
	pages, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	handler := func(counted counter.Store, dangers ...string) http.Handler {
		cfg := config.Config{PageWait: time.Minute, MaxCounters: 1000, ImportLimit: 1000}
		parts := sitetest.New(t, cfg, counted, zaptest.NewLogger(t), dangers...)
		parts.Counters.Start()
		t.Cleanup(parts.Counters.Stop)
		about := admin.About{
			Revision: "0123456789abcdef", Started: time.Now(), Health: parts.Health, ImportLimit: cfg.ImportLimit, Moving: moving.NewReader(moving.NewTransport(nil), moving.Naming{}),
			Skipped: func() map[counterhttp.Status]int64 {
				return map[counterhttp.Status]int64{counterhttp.SkippedBot: 1_234_567, counterhttp.SkippedSite: 1}
			},
		}
		return parts.Handler(append(parts.Surfaces().Routes(), admin.Routes(parts.Counters, about, noGate{}, parts.Pages, parts.Log)...)...)
	}
	mux := http.NewServeMux()
	mux.Handle("/", handler(counted))
	show := func(path string, html []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", templates.AdminPolicy)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(html)
		})
	}
	html, err := pages.AdminLogin(templates.AdminLogin{})
	show("/test/login", html, err)
	html, err = pages.AdminLogin(templates.AdminLogin{Message: "This is not the password."})
	show("/test/refused", html, err)
	html, err = pages.AdminConfirm(templates.AdminConfirm{
		Action: "set", AdminName: templates.AdminName{Name: longName(), Shown: longName()}, Message: "The counter has changed since then, from 4 to 5.",
		Before: 5, Value: 1<<63 - 1, After: 1<<63 - 1, Once: "x", Again: true,
	})
	show("/test/confirm", html, err)
	html, err = pages.AdminImport(templates.AdminImport{Once: "x", Add: true, Report: &templates.AdminReport{
		Added: true, Changed: 3, Unchanged: 4, Pending: 5, Refused: 2, MoreFaults: 1,
		Faults: []templates.AdminFault{{Line: 3, Why: "it is not two cells, a name and a value"}, {Line: 99999, Why: longName()}},
	}})
	show("/test/report", html, err)
	for test, path := range map[string]string{"/test/away": "/admin/counters", "/test/overview": "/admin/"} {
		mux.HandleFunc(test, func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = path
			handler(absent{coalesce.New(countermemory.New(), coalesce.Options{})}, "The store has no persistence: a restart of it loses all counts.").ServeHTTP(w, r)
		})
	}
	name := templates.AdminName{Name: longName(), Shown: longName()}
	streamed := func(rest []byte, err error) ([]byte, error) {
		begin, beginErr := pages.AdminBegin("Bring numbers")
		progress, progressErr := pages.AdminProgress("12 of 40 numbers are read.")
		return slices.Concat(begin, progress, rest), errors.Join(beginErr, progressErr, err)
	}
	row := templates.AdminBringRow{From: longName(), AdminName: name, There: 1 << 62, Here: 5, Added: 1 << 62, After: 1<<62 + 5, Since: "2026-11-02"}
	failures := []templates.AdminBringFailure{{From: longName(), Why: "it can't be reached"}}
	html, err = streamed(pages.AdminBringPlan(templates.AdminBringPlan{
		Rows: []templates.AdminBringRow{row, row}, Sites: []templates.AdminBringRow{row}, Count: 2, Added: 1 << 62, Plan: "x", Failures: failures,
	}))
	show("/test/plan", html, err)
	html, err = streamed(pages.AdminBringDone(templates.AdminBringDone{Brought: 1, Added: 5, Rows: []templates.AdminBringRow{row}, Failures: failures}))
	show("/test/brought", html, err)
	html, err = pages.AdminBring(templates.AdminBring{Message: "It is wrong.", Addresses: longName(), Adding: []string{longName()}, Redis: "127.0.0.1:6379/0"})
	show("/test/adding", html, err)
	html, err = pages.AdminMove(templates.AdminMove{From: name, To: name, Typed: "x", Alias: true, Moved: 1 << 62, Before: 5, After: 1<<62 + 5, Pages: 12})
	show("/test/move", html, err)
	html, err = pages.AdminAliases(templates.AdminAliases{Notice: "Done.", Most: 10_000, Rows: []templates.AdminAlias{{From: name, To: name, Since: "2026-11-27 04:38"}}})
	show("/test/aliases", html, err)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// longName is hard to break into lines, and has what can't be seen.
func longName() string {
	return "views:/" + strings.Repeat("averylongnamewithoutspaces", 15) + "\u202e<b>"
}

// longPage is the counter of a page whose address is hard to break into lines.
const longPage = "views:a-very-long-host-name-of-a-site.example.com/averylongaddresswithoutspacesoranythingelsethatabrowsercouldbreakat.html"

// absent is a store that does not answer.
type absent struct{ *coalesce.Store }

func (absent) Ping(context.Context) error {
	return errors.New("dial tcp 127.0.0.1:6379: connection refused")
}

func (absent) List(context.Context, string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) { yield(counter.Entry{}, errors.New("away")) }
}

func fillAdmin(t *testing.T) counter.Store {
	t.Helper()
	store := countermemory.New()
	for n := range 120 {
		if err := store.Set(t.Context(), fmt.Sprintf("views:example.com/blog/%03d", n), int64(n*n+1)); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{longPage, "views:example.com/blog/041", "counter_key"} {
		for day := range 30 {
			hour := counter.HourOf(time.Now()) - counter.Hour(24*day)
			batch := counter.Batch{Name: name, Writer: fmt.Sprint("w", day), Delta: int64(1000*i + day*day + 1), Sum: int64(1000*i + day*day + 1), Hour: hour}
			if result := store.Apply(t.Context(), []counter.Batch{batch}); result[0].Err != nil {
				t.Fatal(result[0].Err)
			}
		}
	}
	if err := store.Set(t.Context(), "views:example.com/blog/041", 41*41+1); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"counter_key", longName(), longPage, `views:/"><script>alert(1)</script>`, "views:/日本語", "site:example.com", "site:xn--bcher-kva.example"} {
		if err := store.Set(t.Context(), name, 1<<62); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// adminPages are all there are, each with what is hardest to show.
func adminPages() map[string]string {
	name := url.QueryEscape(longName())
	return map[string]string{
		"login": "/test/login", "refused": "/test/refused", "confirm": "/test/confirm", "report": "/test/report", "away": "/test/away",
		"overview": "/admin/", "overview, away": "/test/overview", "bring": "/admin/bring", "adding": "/test/adding", "plan": "/test/plan", "brought": "/test/brought",
		"move": "/test/move", "aliases": "/test/aliases", "no aliases": "/admin/aliases",
		"counters": "/admin/counters", "last": "/admin/counters?after=views:example.com/blog/100", "none": "/admin/counters?prefix=nothing",
		"sites": "/admin/counters?list=sites", "by value": "/admin/counters?sort=value",
		"counter": "/admin/counter?done=add&name=" + name, "page": "/admin/counter?page=example.com/blog/041",
		"long page": "/admin/counter?name=" + longPage, "home": "/admin/counter?name=counter_key", "site": "/admin/counter?name=site:example.com", "import": "/admin/import", "problem": "/admin/nowhere",
	}
}

// Each page, at the widths of a phone, a tablet and a desk, in light and dark, fits
// its width, and axe finds nothing against it.
func TestAdminPagesAreAccessible(t *testing.T) {
	t.Parallel()
	site := startAdmin(t, fillAdmin(t))
	browser := startBrowser(t)
	for name, path := range adminPages() {
		wantAccessible(browser, t, name, site+path)
	}
}

// wantAccessible opens a page, and fails unless it fits each width and axe finds nothing
// against it.
func wantAccessible(browser context.Context, t *testing.T, name, address string) {
	t.Helper()
	axe, err := os.ReadFile(filepath.Join("testdata", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	// Colours are most of axe's work. They are the same at every width, but text is smaller on a
	// phone, where less contrast is too little. In the dark nothing else differs.
	const colours = `{runOnly: ["cat.color"]}`
	const others = `{rules: {"color-contrast": {enabled: false}}}`
	looks := []struct {
		scheme string
		width  int64
		check  string
		rules  int // that apply at least
	}{{"light", 320, "{}", 10}, {"light", 768, others, 10}, {"light", 1280, others, 10}, {"dark", 320, colours, 1}}
	do(browser, t, chromedp.Navigate(address), chromedp.Evaluate[chromedp.Void](string(axe)))
	for _, look := range looks {
		t.Run(fmt.Sprintf("%s %s %d", name, look.scheme, look.width), func(t *testing.T) {
			do(browser, t, chromedp.EmulateViewport(look.width, 800), prefers(look.scheme))
			wide, err := chromedp.Run(browser, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
			if err != nil || wide > look.width {
				t.Errorf("the page is %d wide, %v", wide, err)
			}
			wantNoViolation(browser, t, look.check, look.rules)
		})
	}
}

// A counter's page shows its badge, drawn by the surface that its snippets name, and
// nobody is counted by looking at it.
func TestAdminShowsTheBadge(t *testing.T) {
	t.Parallel()
	store := fillAdmin(t)
	site := startAdmin(t, store)
	browser := startBrowser(t)
	for page, want := range map[string]int64{"views:example.com/blog/041": 41*41 + 1, "counter_key": 1 << 62} {
		do(browser, t, chromedp.Navigate(site+"/admin/counter?name="+page))
		waitUntil(browser, t, `document.querySelector("dd img").naturalWidth > 60`)
		if got, err := store.Get(t.Context(), page); err != nil || got != want {
			t.Errorf("%s has the value %d, %v; want %d", page, got, err, want)
		}
	}
}

// prefers says which colours the person in front of the browser likes.
func prefers(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// wantNoViolation runs axe, which is in the page, on it, with these options. So many rules
// must apply.
func wantNoViolation(browser context.Context, t *testing.T, options string, rules int) {
	t.Helper()
	found, err := chromedp.Run(browser, chromedp.Evaluate[[]byte](`axe.run(document, {resultTypes: ["violations"], ...`+options+`}).then(r => ({
		passes: r.passes.length,
		violations: r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join("; ")),
	}))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	var result struct {
		Passes     int
		Violations []string
	}
	if err := json.Unmarshal(found, &result); err != nil || result.Passes < rules {
		t.Fatalf("axe says %s, %v", found, err)
	}
	for _, violation := range result.Violations {
		t.Error(violation)
	}
}

// An owner without a mouse, in a browser that runs no scripts, finds a counter,
// adds to it, and imports a file.
func TestAdminByKeyboardWithoutScripts(t *testing.T) {
	t.Parallel()
	store := fillAdmin(t)
	site := startAdmin(t, store)
	browser := startBrowser(t)
	do(browser, t, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}), chromedp.Navigate(site+"/admin/counters"))
	const tab, enter = "\t", "\r"
	do(browser, t,
		chromedp.Focus(chromedp.CSS("#prefix")), chromedp.KeyEvent("example.com/blog/04"+enter),
		chromedp.WaitReady(chromedp.CSS(`#prefix[value="example.com/blog/04"]`)),
		chromedp.Focus(chromedp.CSS("#prefix")), chromedp.KeyEvent(tab+tab+tab+tab+tab+enter), // the button, the heads of two columns, the first counter, the second
		chromedp.WaitReady(chromedp.CSS(`img[src="/badge/example.com/blog/041.svg?read"]`)),
		chromedp.Focus(chromedp.CSS("#delta")), chromedp.KeyEvent("100"+enter),
		chromedp.WaitReady(chromedp.CSS(`input[name="seen"]`)),
		chromedp.Focus(chromedp.CSS("main button")), chromedp.KeyEvent(enter),
		chromedp.WaitReady(chromedp.CSS(`[role="status"]`)),
	)
	if got, err := store.Get(t.Context(), "views:example.com/blog/041"); err != nil || got != 41*41+1+100 {
		t.Errorf("the counter has the value %d, %v; want %d", got, err, 41*41+1+100)
	}

	file := filepath.Join(t.TempDir(), "counters.csv")
	if err := os.WriteFile(file, []byte("name,value\r\nviews:/moved,5\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do(browser, t, chromedp.Navigate(site+"/admin/import"), chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}),
		chromedp.Focus(chromedp.CSS("main form button")), chromedp.KeyEvent(enter), chromedp.WaitReady(chromedp.CSS(`[role="status"]`)))
	if got, err := store.Get(t.Context(), "views:/moved"); err != nil || got != 5 {
		t.Errorf("the counter of the file has the value %d, %v; want 5", got, err)
	}
}
