package counterhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
)

// store answers as its functions do, and keeps the names it was asked to add to.
type store struct {
	add   func(ctx context.Context) (int64, error)
	get   func(ctx context.Context) (int64, error)
	added []string
}

func (s *store) Add(ctx context.Context, name string, _ int64) (int64, error) {
	s.added = append(s.added, name)
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

func showView(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, counterhttp.ViewOf(r.Context()))
}

func newHandler(store counter.Store, opts counterhttp.Options) http.Handler {
	return counterhttp.Handler(store, byPath, http.HandlerFunc(showView), opts)
}

// ask returns the status, the header View-Status and the body of an answer.
func ask(handler http.Handler, method string, headers ...string) (status int, view, body string, header http.Header) {
	r := httptest.NewRequestWithContext(context.Background(), method, "/a", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Body) // of a buffer
	return w.Code, w.Header().Get(counterhttp.StatusHeader), string(text), w.Header()
}

func byPath(r *http.Request) string { return "views:" + r.URL.Path }

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
		"POST":            {"POST", nil, 200, "skipped;reason=method", "0", false},
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

func TestNoNameIsNoView(t *testing.T) {
	s := &store{}
	for _, name := range []string{"", strings.Repeat("x", counter.MaxNameLen+1)} {
		handler := counterhttp.Handler(s, counterhttp.Named(name), http.HandlerFunc(showView), counterhttp.Options{})
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
		{"Sec-Purpose", "Prefetch;prerender"},
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

func TestWait(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{0: 500 * time.Millisecond, -1: 500 * time.Millisecond, time.Hour: time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			slow := func(ctx context.Context) (int64, error) {
				<-ctx.Done()
				return 0, fmt.Errorf("%w: %w", counter.ErrUnknown, ctx.Err())
			}
			start := time.Now()
			status, view, _, _ := ask(newHandler(&store{add: slow}, counterhttp.Options{Wait: wait}), "GET")
			if took := time.Since(start); took != want || status != 503 || view != "unknown" {
				t.Errorf("Wait %v: %d, %q after %v; want 503 after %v", wait, status, view, took, want)
			}
		})
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

func TestViewOfOtherRequests(t *testing.T) {
	if view := counterhttp.ViewOf(t.Context()); view != (counterhttp.View{}) {
		t.Errorf("%+v; want none", view)
	}
}
