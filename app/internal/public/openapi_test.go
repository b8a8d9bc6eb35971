package public_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// description is what the server says of its API, read as the OpenAPI document it is.
func description(t *testing.T, site http.Handler) *openapi3.T {
	t.Helper()
	answer := sitetest.Ask(site, "GET", "/api/openapi.yaml")
	wantHeader(t, answer, "Content-Type", "application/yaml", "Access-Control-Allow-Origin", "*")
	doc, err := openapi3.NewLoader().LoadFromData(answer.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// All that is served to everybody is described, and all that is described is served.
func TestDescriptionHasEveryRoute(t *testing.T) {
	kept, log := countermemory.New(), zaptest.NewLogger(t)
	surfaces := sitetest.New(t, newConfig(), kept, log).Surfaces()
	var served, described []string
	for _, route := range surfaces.Routes() {
		path := regexp.MustCompile(`\{(\w+):[^}]*\}`).ReplaceAllString(route.Path, "{$1}")
		for method := range route.Methods {
			if method != http.MethodOptions { // the browser's own question
				served = append(served, method+" "+path)
			}
		}
	}
	for path, item := range description(t, newSite(t, newConfig(), kept)).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) || len(served) < 10 {
		t.Errorf("served:\n%s\ndescribed:\n%s", strings.Join(served, "\n"), strings.Join(described, "\n"))
	}
}

// slow is a store that keeps additions and does not count them now. It knows 41 of one page.
type slow struct{ counter.Store }

func (slow) Add(_ context.Context, name string, _ int64) (int64, error) {
	return 0, &counter.PendingError{AtLeast: 42, Known: name == "views:example.com/a", Err: errors.New("away")}
}

// The server's answers match its description, for every operation and status.
func TestAnswersAreAsDescribed(t *testing.T) {
	for _, kind := range []string{"image/svg+xml", "image/gif", "text/html", "text/javascript", "text/event-stream", "application/yaml"} {
		before := openapi3filter.RegisteredBodyDecoder(kind)
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
		t.Cleanup(func() {
			openapi3filter.UnregisterBodyDecoder(kind)
			if before != nil {
				openapi3filter.RegisterBodyDecoder(kind, before)
			}
		})
	}
	kept := newPast(t)
	cfg := newConfig()
	cfg.MaxCounters, cfg.MaxListeners = 0, 0
	site := newSite(t, cfg, kept)
	cfg.MaxListeners = 1
	listening := newSite(t, cfg, kept)
	doc := description(t, site)
	pending := newSite(t, newConfig(), slow{countermemory.New()})
	without := newSite(t, newConfig(), struct{ counter.Store }{countermemory.New()})
	closed := countermemory.New()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	away := newSite(t, newConfig(), closed)
	sitetest.Fill(t, kept, map[string]int64{"views:example.com/a": 1, "views:example.com/b": 2, "views:example.com/c": 3, "site:example.com": 6})
	owner := []string{"Authorization", sitetest.Token}
	answered := map[string]bool{}
	for _, step := range []struct {
		site          http.Handler
		method, path  string
		name, query   string
		status        int
		kind          string
		headers       []string
		undescribable bool // the request is wrong by the description, too
	}{
		{site: site, method: "GET", path: "/api/v1/views", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/views", query: "name=example.com/a&name=example.org", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/views", query: "name=", status: 400, kind: "application/problem+json", undescribable: true},
		{site: away, method: "GET", path: "/api/v1/views", status: 503, kind: "application/problem+json"},
		{site: site, method: "GET", path: "/api/v1/views/{name}", name: "example.com/a", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/views/{name}", name: "a%20b", status: 400, kind: "application/problem+json"},
		{site: away, method: "GET", path: "/api/v1/views/{name}", name: "example.com/a", status: 503, kind: "application/problem+json"},
		{site: site, method: "POST", path: "/api/v1/views/{name}", name: "example.com/a", status: 200, kind: "application/json"},
		{site: site, method: "POST", path: "/api/v1/views/{name}", name: "example.com/a", status: 200, kind: "application/json", headers: []string{"User-Agent", "Googlebot/2.1"}},
		{site: site, method: "POST", path: "/api/v1/views/{name}", name: "example.com/new", status: 403, kind: "application/problem+json"},
		{site: pending, method: "POST", path: "/api/v1/views/{name}", name: "example.com/a", status: 202, kind: "application/json"},
		{site: pending, method: "POST", path: "/api/v1/views/{name}", name: "example.com/b", status: 202, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/sites/{host}", name: "example.com", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/sites/{host}", name: "example.com", query: "after=example.com/a", status: 200, kind: "application/json", headers: owner},
		{site: site, method: "GET", path: "/api/v1/sites/{host}", name: "a%20b", status: 400, kind: "application/problem+json"},
		{site: site, method: "GET", path: "/api/v1/history", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/history", query: "step=year", status: 400, kind: "application/problem+json", undescribable: true},
		{site: away, method: "GET", path: "/api/v1/history", status: 503, kind: "application/problem+json"},
		{site: site, method: "GET", path: "/api/v1/history/{name}", name: "example.com/a", query: "step=hour&tz=Asia/Kolkata", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/history/{name}", name: "example.com/a", query: "from=2026-09-01&to=2026-09-01&tz=Europe/Berlin", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/history/{name}", name: "example.com/a", query: "from=2026-09-01&to=2026-09-01&step=hour", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/api/v1/history/{name}", name: "example.com/a", query: "format=csv", status: 200, kind: "text/csv; charset=utf-8"},
		{site: site, method: "GET", path: "/api/v1/history/{name}", name: "a%20b", status: 400, kind: "application/problem+json"},
		{site: without, method: "GET", path: "/api/v1/history/{name}", name: "example.com/a", status: 404, kind: "application/problem+json"},
		{site: site, method: "GET", path: "/chart.svg", query: "days=7&theme=dark&tz=Europe/Berlin", status: 200, kind: "image/svg+xml; charset=utf-8"},
		{site: away, method: "GET", path: "/chart/{name}.svg", name: "example.com/a", status: 200, kind: "image/svg+xml; charset=utf-8"},
		{site: site, method: "GET", path: "/chart/{name}.svg", name: "example.com/a", query: "days=0", status: 200, kind: "image/svg+xml; charset=utf-8", undescribable: true},
		{site: site, method: "GET", path: "/badge/{name}.svg", name: "example.com/a", query: "show=today-total&tz=Asia/Tokyo", status: 200, kind: "image/svg+xml; charset=utf-8"},
		{site: site, method: "GET", path: "/stats", status: 200, kind: "text/html; charset=utf-8"},
		{site: site, method: "GET", path: "/stats/{name}", name: "example.com/a", query: "from=&to=&step=week&tz=Asia/Kolkata", status: 200, kind: "text/html; charset=utf-8"},
		{site: site, method: "GET", path: "/stats/{name}", name: "a%20b", status: 400, kind: "text/html; charset=utf-8"},
		{site: away, method: "GET", path: "/stats/{name}", name: "example.com/a", status: 503, kind: "text/html; charset=utf-8"},
		{site: site, method: "GET", path: "/events", status: 503, kind: "application/problem+json"},
		{site: site, method: "GET", path: "/badge.svg", query: "style=plastic&format=short&label=x&color=4c1&labelColor=red", status: 200, kind: "image/svg+xml; charset=utf-8"},
		{site: away, method: "GET", path: "/badge.svg", status: 200, kind: "image/svg+xml; charset=utf-8"},
		{site: site, method: "GET", path: "/badge.svg", query: "style=round", status: 400, kind: "image/svg+xml; charset=utf-8", undescribable: true},
		{site: site, method: "GET", path: "/badge/{name}.svg", name: "example.com/a", status: 200, kind: "image/svg+xml; charset=utf-8"},
		{site: site, method: "GET", path: "/badge/{name}.svg", name: "example.com/a", query: "read", status: 200, kind: "image/svg+xml; charset=utf-8"},
		{site: site, method: "GET", path: "/badge/{name}.svg", name: "a%20b", status: 400, kind: "image/svg+xml; charset=utf-8"},
		{site: away, method: "GET", path: "/badge/{name}.svg", name: "example.com/a", status: 200, kind: "image/svg+xml; charset=utf-8"},
		{site: site, method: "GET", path: "/badge.json", status: 200, kind: "application/json"},
		{site: away, method: "GET", path: "/badge.json", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/badge/{name}.json", name: "example.com/a", status: 200, kind: "application/json"},
		{site: site, method: "GET", path: "/badge/{name}.json", name: "a%20b", status: 400, kind: "application/problem+json"},
		{site: site, method: "GET", path: "/pixel/{name}.gif", name: "example.com/a", status: 200, kind: "image/gif"},
		{site: site, method: "GET", path: "/pixel/{name}.gif", name: "example.com/new", status: 200, kind: "image/gif"},
		{site: site, method: "GET", path: "/pixel/{name}.gif", name: "a%20b", status: 400, kind: "text/plain; charset=utf-8"},
		{site: site, method: "GET", path: "/embed.js", status: 200, kind: "text/javascript; charset=utf-8"},
		{site: listening, method: "GET", path: "/events/{name}", name: "example.com/a", status: 200, kind: "text/event-stream"},
		{site: site, method: "GET", path: "/events/{name}", name: "example.com/a", status: 503, kind: "application/problem+json"},
		{site: site, method: "GET", path: "/events/{name}", name: "a%20b", status: 400, kind: "application/problem+json"},
		{site: site, method: "GET", path: "/api/openapi.yaml", status: 200, kind: "application/yaml"},
	} {
		target := strings.NewReplacer("{name}", step.name, "{host}", step.name).Replace(step.path)
		if step.query != "" {
			target += "?" + step.query
		}
		request := httptest.NewRequestWithContext(t.Context(), step.method, target, nil)
		item := doc.Paths.Value(step.path)
		if item == nil || item.GetOperation(step.method) == nil {
			t.Errorf("%s %s is not described", step.method, step.path)
			continue
		}
		input := &openapi3filter.RequestValidationInput{
			Request: request, PathParams: map[string]string{"name": step.name, "host": step.name},
			Route:   &routers.Route{Spec: doc, Path: step.path, PathItem: item, Method: step.method, Operation: item.GetOperation(step.method)},
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
		}
		if err := openapi3filter.ValidateRequest(t.Context(), input); (err != nil) != step.undescribable {
			t.Errorf("%s %s: is the request right? %v", step.method, target, err)
		}
		w := askBriefly(t, step.site, step.method, target, step.headers...)
		wantHeader(t, w, "Content-Type", step.kind)
		if w.Code != step.status {
			t.Errorf("%s %s: %d %s; want %d", step.method, target, w.Code, w.Body, step.status)
		}
		if err := openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: w.Code, Header: w.Header(), Options: input.Options,
			Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		}); err != nil {
			t.Errorf("%s %s: %v", step.method, target, err)
		}
		answered[step.method+" "+step.path] = true
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !answered[method+" "+path] {
				t.Errorf("no answer of %s %s was looked at", method, path)
			}
		}
	}
}

// askBriefly sends a request, and stops reading if the answer is endless.
func askBriefly(t *testing.T, site http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	if !strings.HasPrefix(target, "/events") {
		return sitetest.Ask(site, method, target, headers...)
	}
	server := httptest.NewServer(site)
	defer server.Close()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	request, err := http.NewRequestWithContext(ctx, method, server.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	w := httptest.NewRecorder()
	w.Code = response.StatusCode
	maps.Copy(w.Header(), response.Header)
	part := make([]byte, 4096)
	n, err := response.Body.Read(part)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	w.Body.Write(part[:n])
	return w
}
