package respond_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/respond"
)

func TestMethods(t *testing.T) {
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	for allow, methods := range map[string]respond.Methods{
		"GET, HEAD, POST": {http.MethodPost: says("done"), http.MethodGet: says("done")},
		"DELETE, PUT":     {http.MethodPut: says("done"), http.MethodDelete: says("done")},
		"OPTIONS, POST":   {http.MethodPost: says("done"), http.MethodOptions: says("done")},
		"":                nil,
	} {
		handler := methods.Handler(says("refused"))
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "BREW"} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/", nil))
			want, wantAllow := "refused", allow
			if strings.Contains(", "+allow+", ", ", "+method+", ") {
				want = "done"
				if method != http.MethodOptions {
					wantAllow = ""
				}
			}
			if w.Body.String() != want || w.Header().Get("Allow") != wantAllow {
				t.Errorf("%s of %q: %s, Allow: %q", method, allow, w.Body, w.Header().Get("Allow"))
			}
		}
	}
}

func TestWriteProblem(t *testing.T) {
	w := httptest.NewRecorder()
	respond.WriteProblem(w, http.StatusConflict, "a <b>")
	const want = `{"type":"about:blank","title":"Conflict","status":409,"detail":"a \u003cb\u003e"}` + "\n"
	if w.Code != http.StatusConflict || w.Body.String() != want || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v %s; want %s", w.Code, w.Header(), w.Body, want)
	}
}

func TestJSONThatCantBeEncoded(t *testing.T) {
	w := httptest.NewRecorder()
	if err := respond.JSON(w, http.StatusOK, "application/json", func() {}); err == nil || w.Body.Len() > 0 {
		t.Errorf("%v, %q; want an error and no answer", err, w.Body)
	}
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	w := httptest.NewRecorder()
	if seconds := respond.RetryAfter(w, 1500*time.Millisecond); seconds != "2" || w.Header().Get("Retry-After") != "2" {
		t.Errorf("%q, Retry-After: %q; want 2", seconds, w.Header().Get("Retry-After"))
	}
}
