package counterhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
)

// store answers as its functions do, and keeps the names it was asked to add to.
type store struct {
	add func(ctx context.Context) (int64, error)
	get func(ctx context.Context) (int64, error)

	mu    sync.Mutex
	added []string
}

func (s *store) Add(ctx context.Context, name string, _ int64) (int64, error) {
	s.mu.Lock()
	s.added = append(s.added, name)
	s.mu.Unlock()
	return s.add(ctx)
}
func (s *store) Get(ctx context.Context, _ string) (int64, error) { return s.get(ctx) }
func (s *store) Set(context.Context, string, int64) error         { return nil }
func (s *store) List(context.Context, string) iter.Seq2[counter.Entry, error] {
	return func(func(counter.Entry, error) bool) {}
}
func (s *store) Close() error { return nil }

// estimating is a store that knows a number without asking.
type estimating struct {
	*store
	known bool
}

func (e estimating) AtLeast(string) (int64, bool) { return 7, e.known }

func answer(value int64, err error) func(context.Context) (int64, error) {
	return func(context.Context) (int64, error) { return value, err }
}

var errAway = errors.New("away")

func showView(w http.ResponseWriter, _ *http.Request, view counterhttp.View) { fmt.Fprint(w, view) }

func byPath(r *http.Request) []string { return []string{"views:" + r.URL.Path} }

func newHandler(store counter.Store, opts counterhttp.Options) http.Handler {
	return counterhttp.New(store, opts).Page(byPath, showView)
}

func newRequest(method string, headers ...string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), method, "/a", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// ask returns the status, the header View-Status and the body of an answer.
func ask(handler http.Handler, method string, headers ...string) (status int, view, body string, header http.Header) {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, newRequest(method, headers...))
	return w.Code, w.Header().Get(counterhttp.StatusHeader), w.Body.String(), w.Header()
}

func TestViews(t *testing.T) {
	pending := func(known bool) error {
		return &counter.PendingError{AtLeast: 9, Known: known, Err: errAway}
	}
	for name, test := range map[string]struct {
		method     string
		add        error
		status     int
		view, body string
		counted    bool
	}{
		"a view":          {"GET", nil, 200, "counted", "42", true},
		"pending":         {"GET", pending(true), 200, "pending", "at least 9", true},
		"pending, unseen": {"GET", pending(false), 503, "pending", "", true},
		"unknown":         {"GET", fmt.Errorf("%w: x", counter.ErrUnknown), 503, "unknown", "", true},
		"refused":         {"GET", counter.ErrOverflow, 503, "skipped;reason=error", "", true},
		"HEAD":            {"HEAD", nil, 200, "skipped;reason=head", "42", false},
		"POST":            {"POST", nil, 200, "skipped;reason=method", "?", false},
	} {
		s := &store{add: answer(42, test.add), get: answer(41, nil)}
		status, view, body, header := ask(newHandler(s, counterhttp.Options{}), test.method)
		if status != test.status || view != test.view || test.body != "" && body != test.body {
			t.Errorf("%s: %d, %q, %q; want %+v", name, status, view, body, test)
		}
		if counted := len(s.added) == 1 && s.added[0] == "views:/a"; counted != test.counted {
			t.Errorf("%s: added to %q; want that it was: %t", name, s.added, test.counted)
		}
		if header.Get("Cache-Control") != "no-store" || (header.Get("Retry-After") != "") != (status == 503) {
			t.Errorf("%s: the header is %v", name, header)
		}
	}
}

func TestNoNameIsNotAView(t *testing.T) {
	s := &store{}
	for _, names := range [][]string{nil, {""}, {strings.Repeat("x", counter.MaxNameLen+1), "site"}} {
		handler := counterhttp.New(s, counterhttp.Options{}).Page(counterhttp.Named(names...), showView)
		for _, headers := range [][]string{nil, {"Sec-Purpose", "prefetch"}} { // no view is missed
			status, view, _, header := ask(handler, "GET", headers...)
			if status != 200 || view != "skipped;reason=name" || len(s.added) > 0 || header.Get("Cache-Control") != "" {
				t.Errorf("%q: %d, %q, added to %q, %v; want a page that is not counted, and may be cached", headers, status, view, s.added, header)
			}
		}
	}
}

// HEAD is answered with what is known where the store does not answer.
func TestHead(t *testing.T) {
	for name, test := range map[string]struct {
		store  counter.Store
		status int
		body   string
	}{
		"answers":        {&store{get: answer(0, nil)}, 200, "1"},
		"answers, known": {estimating{&store{get: answer(0, nil)}, true}, 200, "1"},
		"away":           {&store{get: answer(0, errAway)}, 503, ""},
		"away, known":    {estimating{&store{get: answer(0, errAway)}, true}, 200, "at least 8"},
		"away, unknown":  {estimating{&store{get: answer(0, errAway)}, false}, 503, ""},
		"at the end":     {&store{get: answer(math.MaxInt64, nil)}, 503, ""},
		"at the end - 1": {&store{get: answer(math.MaxInt64-1, nil)}, 200, "9223372036854775807"},
	} {
		status, view, body, _ := ask(newHandler(test.store, counterhttp.Options{}), "HEAD")
		if status != test.status || view != "skipped;reason=head" || test.body != "" && body != test.body {
			t.Errorf("%s: %d, %q, %q; want %d and %q", name, status, view, body, test.status, test.body)
		}
	}
}

func TestPrefetch(t *testing.T) {
	for _, headers := range [][]string{
		{"Sec-Purpose", "prefetch"},
		{"Sec-Purpose", "Prefetch;prerender", "Sec-Fetch-Dest", "document"},
		{"Purpose", "prefetch"},
		{"X-Purpose", "preview"},
		{"X-Moz", "prefetch"},
		{"Sec-Purpose", "other", "Sec-Purpose", "prefetch"},
	} {
		s := &store{add: answer(1, nil)}
		status, view, body, _ := ask(newHandler(s, counterhttp.Options{}), "GET", headers...)
		if status != 503 || view != "skipped;reason=prefetch" || body != "" || len(s.added) > 0 {
			t.Errorf("%q: %d, %q, %q, added to %q; want 503 and nothing", headers, status, view, body, s.added)
		}
	}
	s := &store{add: answer(1, nil)}
	if status, view, _, _ := ask(newHandler(s, counterhttp.Options{}), "POST", "Purpose", "prefetch"); status != 200 || view != "skipped;reason=method" {
		t.Errorf("POST: %d, %q; want that it goes to the page", status, view)
	}
	if status, view, _, _ := ask(newHandler(s, counterhttp.Options{}), "GET", "Purpose", "navigate"); status != 200 || view != "counted" {
		t.Errorf("another purpose: %d, %q; want a view", status, view)
	}
}

// What is not opened by somebody shows the number there is, and uses none up.
func TestEmbedded(t *testing.T) {
	embedded := [][]string{
		{"Sec-Fetch-Dest", "document", "Sec-Fetch-Dest", "image"},
		{"Sec-Fetch-Mode", "no-cors"},
		{"Sec-Fetch-Mode", "nested-navigate"}, // Chrome 76
	}
	for _, dest := range []string{
		"audio", "audioworklet", "embed", "empty", "fencedframe", "font", "frame", "iframe", "image", "manifest", "object", "paintworklet",
		"report", "script", "serviceworker", "sharedworker", "style", "track", "video", "webidentity", "worker", "xslt", "of tomorrow",
	} {
		embedded = append(embedded, []string{"Sec-Fetch-Dest", dest, "Sec-Fetch-Mode", "navigate"})
	}
	webSocket := [][]string{
		{"Upgrade", "websocket", "Connection", "Upgrade"},
		{"Upgrade", "h2c, WebSocket"},
		{"Sec-Fetch-Dest", "websocket", "Sec-Fetch-Mode", "websocket"},
		{"Sec-Fetch-Mode", "websocket"},
	}
	documents := [][]string{
		nil,
		{"Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-User", "?1"},
		{"Sec-Fetch-Dest", " Document "},
		{"Sec-Fetch-Dest", ""},
		{"Sec-Fetch-Mode", "navigate"},
		{"Upgrade", "h2c", "Connection", "Upgrade, HTTP2-Settings"}, // curl --http2
		{"Upgrade-Insecure-Requests", "1"},
	}
	for _, test := range []struct {
		requests             [][]string
		page, meantForPieces string
	}{
		{embedded, "skipped;reason=embedded", "counted"},
		{webSocket, "skipped;reason=embedded", "skipped;reason=embedded"},
		{documents, "counted", "counted"},
	} {
		for _, headers := range test.requests {
			for option, want := range map[bool]string{false: test.page, true: test.meantForPieces} {
				s := &store{add: answer(42, nil), get: answer(41, nil)}
				status, view, body, _ := ask(newHandler(s, counterhttp.Options{Embedded: option}), "GET", headers...)
				number := map[bool]string{true: "42", false: "41"}[want == "counted"]
				if status != 200 || view != want || body != number || len(s.added) == 1 != (want == "counted") {
					t.Errorf("%q, Embedded: %t: %d, %q, %q, added to %q; want %q and %s", headers, option, status, view, body, s.added, want, number)
				}
			}
		}
	}
}

func TestBots(t *testing.T) {
	s := &store{add: answer(42, nil), get: answer(41, nil)}
	const agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
	if status, view, body, _ := ask(newHandler(s, counterhttp.Options{}), "GET", "User-Agent", agent); status != 200 ||
		view != "skipped;reason=bot" || body != "41" || len(s.added) > 0 {
		t.Errorf("%d, %q, %q, added to %q; want 41 and no view", status, view, body, s.added)
	}
	for agent, want := range map[string]string{"curl/8.5.0": "skipped;reason=bot", "Googlebot/2.1": "counted"} {
		opts := counterhttp.Options{Bot: func(agent string) bool { return strings.HasPrefix(agent, "curl") }}
		if _, view, _, _ := ask(newHandler(s, opts), "GET", "User-Agent", agent); view != want {
			t.Errorf("%s, where only curl is a bot: %q; want %q", agent, view, want)
		}
	}
	for _, headers := range [][]string{nil, {"User-Agent", ""}, {"User-Agent", "curl/8.5.0"}} {
		if _, view, _, _ := ask(newHandler(s, counterhttp.Options{}), "GET", headers...); view != "counted" {
			t.Errorf("%q: %q; want a view", headers, view)
		}
	}
}

func TestMethods(t *testing.T) {
	s := &store{add: answer(42, nil), get: answer(41, nil)}
	opts := counterhttp.Options{Methods: []string{http.MethodPost}}
	for method, want := range map[string]string{"POST": "counted", "GET": "skipped;reason=method", "HEAD": "skipped;reason=head"} {
		if _, view, _, _ := ask(newHandler(s, opts), method); view != want {
			t.Errorf("%s: %q; want %q", method, view, want)
		}
	}
}

// The view of a page and of its site.
func TestSeveralCounters(t *testing.T) {
	s := &store{add: answer(42, nil)}
	handler := counterhttp.New(s, counterhttp.Options{}).Page(counterhttp.Named("page", "site", "", "page", "site", "all"), showView)
	status, view, body, _ := ask(handler, "GET")
	if slices.Sort(s.added); status != 200 || view != "counted" || body != "42" || !slices.Equal(s.added, []string{"all", "page", "site"}) {
		t.Errorf("%d, %q, %q, added to %q; want one view of each", status, view, body, s.added)
	}
	for _, headers := range [][]string{{"User-Agent", "Googlebot/2.1"}, {"Sec-Fetch-Dest", "image"}, {"Purpose", "prefetch"}} {
		s := &store{add: answer(42, nil), get: answer(41, nil)}
		if ask(counterhttp.New(s, counterhttp.Options{}).Page(counterhttp.Named("page", "site"), showView), "GET", headers...); len(s.added) > 0 {
			t.Errorf("%q: added to %q", headers, s.added)
		}
	}
}

// byName is a store in which each counter has an error of its own.
type byName struct {
	*store
	errs map[string]error
}

func (b byName) Add(_ context.Context, name string, _ int64) (int64, error) {
	if name == "panics" {
		panic("out of order")
	}
	return 42, b.errs[name]
}

// What fails is told by its name. The page's own view decides what is shown.
func TestObserve(t *testing.T) {
	errs := map[string]error{
		"broken": counter.ErrType, "unknown": fmt.Errorf("%w: x", counter.ErrUnknown),
		"pending": &counter.PendingError{Err: errAway}, "kept": &counter.PendingError{AtLeast: 9, Known: true, Err: errAway},
	}
	for names, test := range map[[2]string]struct {
		status   int
		view     string
		observed []string
	}{
		{"page", "broken"}:    {200, "counted", []string{"broken"}},
		{"page", "unknown"}:   {200, "counted", []string{"unknown"}},
		{"page", "pending"}:   {200, "counted", nil},
		{"kept", "page"}:      {200, "pending", nil},
		{"pending", "broken"}: {503, "pending", []string{"broken"}},
		{"broken", "unknown"}: {503, "skipped;reason=error", []string{"broken", "unknown"}},
	} {
		var mu sync.Mutex
		observed := map[string]error{}
		observe := func(r *http.Request, name string, err error) {
			mu.Lock()
			defer mu.Unlock()
			if observed[name] = err; r.URL.Path != "/a" || !errors.Is(err, errs[name]) {
				t.Errorf("%q: observed %s of %s: %v", names, r.URL, name, err)
			}
		}
		counter := counterhttp.New(byName{&store{}, errs}, counterhttp.Options{Observe: observe})
		status, view, _, _ := ask(counter.Page(counterhttp.Named(names[:]...), showView), "GET")
		if got := slices.Sorted(maps.Keys(observed)); status != test.status || view != test.view || !slices.Equal(got, test.observed) {
			t.Errorf("%q: %d, %q, observed %q; want %+v", names, status, view, got, test)
		}
	}
}

// A store that panics does so in the request's goroutine, whichever counter it was for.
func TestPanic(t *testing.T) {
	for _, names := range [][]string{{"panics", "site"}, {"page", "panics", "panics too"}} {
		func() {
			defer func() {
				if fault := recover(); fault != "out of order" {
					t.Errorf("%q: %v; want the store's panic", names, fault)
				}
			}()
			ask(counterhttp.New(byName{store: &store{}}, counterhttp.Options{}).Page(counterhttp.Named(names...), showView), "GET")
		}()
	}
}

func TestWait(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{0: 500 * time.Millisecond, time.Hour: time.Hour, -1: 2 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			slow := func(ctx context.Context) (int64, error) {
				select {
				case <-ctx.Done():
				case <-time.After(2 * time.Hour):
				}
				return 0, fmt.Errorf("%w: slow", counter.ErrUnknown)
			}
			start := time.Now()
			status, view, _, _ := ask(newHandler(&store{add: slow}, counterhttp.Options{Wait: wait}), "GET")
			if took := time.Since(start); took != want || status != 503 || view != "unknown" {
				t.Errorf("Wait %v: %d, %q after %v; want 503 after %v", wait, status, view, took, want)
			}
		})
	}
}

// Whoever has gone is counted, and what is read for them is read.
func TestCanceledRequest(t *testing.T) {
	honest := func(value int64) func(context.Context) (int64, error) {
		return func(ctx context.Context) (int64, error) { return value, ctx.Err() }
	}
	for method, want := range map[string]string{"GET": "counted", "HEAD": "skipped;reason=head"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := httptest.NewRecorder()
		newHandler(&store{add: honest(42), get: honest(41)}, counterhttp.Options{}).ServeHTTP(w, newRequest(method).WithContext(ctx))
		if view := w.Header().Get(counterhttp.StatusHeader); w.Code != 200 || view != want || w.Body.String() != "42" {
			t.Errorf("%s: %d, %q, %q; want 42", method, w.Code, view, w.Body)
		}
	}
}

func TestRefuse(t *testing.T) {
	refuse := func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, err)
	}
	handler := newHandler(&store{add: answer(0, errAway)}, counterhttp.Options{Refuse: refuse})
	if status, view, body, _ := ask(handler, "GET"); status != http.StatusTeapot || view != "skipped;reason=error" || body != "away" {
		t.Errorf("%d, %q, %q; want what Refuse answers", status, view, body)
	}
}

func TestShowUnknown(t *testing.T) {
	s := &store{add: answer(0, &counter.PendingError{Err: errAway}), get: answer(0, errAway)}
	for method, want := range map[string]string{"GET": "pending", "HEAD": "skipped;reason=head"} {
		status, view, body, _ := ask(newHandler(s, counterhttp.Options{ShowUnknown: true}), method)
		if status != 200 || view != want || body != "?" {
			t.Errorf("%s: %d, %q, %q; want the page without a number", method, status, view, body)
		}
	}
}

func TestLook(t *testing.T) {
	for name, test := range map[string]struct {
		store counter.Store
		want  counterhttp.View
		err   error
	}{
		"answers":       {estimating{&store{get: answer(41, nil)}, true}, counterhttp.View{Number: 41, Known: true}, nil},
		"the largest":   {&store{get: answer(math.MaxInt64, nil)}, counterhttp.View{Number: math.MaxInt64, Known: true}, nil},
		"away, known":   {estimating{&store{get: answer(0, errAway)}, true}, counterhttp.View{Number: 7, Known: true, AtLeast: true}, nil},
		"away, unknown": {estimating{&store{get: answer(0, errAway)}, false}, counterhttp.View{}, errAway},
		"broken, known": {estimating{&store{get: answer(0, counter.ErrType)}, true}, counterhttp.View{}, counter.ErrType},
	} {
		view, err := counterhttp.New(test.store, counterhttp.Options{}).Look(newRequest("GET"), "a")
		if view != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %+v, %v; want %+v", name, view, err, test.want)
		}
	}
}

func TestMiddleware(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private")
		fmt.Fprint(w, counterhttp.ViewOf(r.Context()))
	})
	handler := counterhttp.New(&store{add: answer(42, nil)}, counterhttp.Options{}).Middleware(byPath)(next)
	if _, view, body, header := ask(handler, "GET"); view != "counted" || body != "42" || header.Get("Cache-Control") != "private" {
		t.Errorf("%q, %q, %v; want a view that next shows, as it likes", view, body, header)
	}
	if view := counterhttp.ViewOf(t.Context()); view != (counterhttp.View{}) {
		t.Errorf("%+v in another context; want none", view)
	}
}

// A change to one answer's headers does not show in another's.
func TestHeadersAreSeparate(t *testing.T) {
	handler := newHandler(&store{add: answer(42, nil)}, counterhttp.Options{})
	_, _, _, first := ask(handler, "GET")
	first.Add("Cache-Control", "x")
	first.Set("View-Status", "x")
	if _, view, _, header := ask(handler, "GET"); view != "counted" || len(header["Cache-Control"]) != 1 {
		t.Errorf("%v; want what it was", header)
	}
}

// nowhere is an answer that nobody reads.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header                           { return n.header }
func (nowhere) Write(body []byte) (int, error)                  { return len(body), nil }
func (nowhere) WriteHeader(int)                                 {}
func show(http.ResponseWriter, *http.Request, counterhttp.View) {}

// What a view costs beside the store: the context for it, and with Wait its timer.
func TestAllocations(t *testing.T) {
	const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
	r := newRequest("GET", "User-Agent", agent, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate")
	for wait, most := range map[time.Duration]float64{-1: 1, time.Minute: 5} {
		handler := counterhttp.New(quiet{}, counterhttp.Options{Wait: wait}).Page(counterhttp.Named("a"), show)
		w := nowhere{http.Header{}}
		if allocs := testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, r) }); allocs > most {
			t.Errorf("Wait %v: %v allocations; want no more than %v", wait, allocs, most)
		}
	}
}

// quiet is a store that costs nothing.
type quiet struct{ counter.Store }

func (quiet) Add(context.Context, string, int64) (int64, error) { return 42, nil }

func BenchmarkPage(b *testing.B) {
	r := newRequest("GET", "Sec-Fetch-Dest", "document")
	handler := counterhttp.New(quiet{}, counterhttp.Options{Wait: -1}).Page(counterhttp.Named("a"), show)
	w := nowhere{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(w, r)
	}
}

// A client that has asked and closed its side of the connection is counted and answered.
func TestHalfClosedConnection(t *testing.T) {
	honest := func(ctx context.Context) (int64, error) {
		select { // long enough for net/http to see the end of input
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
		return 42, ctx.Err()
	}
	server := httptest.NewServer(newHandler(&store{add: honest}, counterhttp.Options{Wait: time.Minute}))
	defer server.Close()
	for range 100 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(conn, "GET /a HTTP/1.0\r\n\r\n")
		closed := conn.(*net.TCPConn).CloseWrite()
		answer, readErr := io.ReadAll(conn)
		if err := errors.Join(err, closed, readErr, conn.Close()); err != nil || !strings.Contains(string(answer), "View-Status: counted") {
			t.Fatalf("%v: %s", err, answer)
		}
	}
}
