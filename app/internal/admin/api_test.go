package admin_test

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
	"example.com/herokuapp/templates"
)

func TestAPIChangesACounter(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:/a": 41})
	const path = "/admin/api/counters/views:%2Fa"
	for _, step := range []struct {
		method, body string
		want         string
	}{
		{http.MethodGet, "", `{"name":"views:/a","value":41}`},
		{http.MethodPut, `{"value": 9007199254740993}`, `{"name":"views:/a","value":9007199254740993}`},
		{http.MethodPut, `{"value": 9223372036854775807}`, `{"name":"views:/a","value":9223372036854775807}`},
		{http.MethodGet, "", `{"name":"views:/a","value":9223372036854775807}`},
		{http.MethodDelete, "", `{"name":"views:/a","value":0}`},
		{http.MethodGet, "", `{"name":"views:/a","value":0}`},
	} {
		w := s.do(step.method, path, "application/json", strings.NewReader(step.body))
		if w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != step.want || w.Header().Get("Test-Door") != "bearer" {
			t.Errorf("%s %s: %d %s; want %s", step.method, step.body, w.Code, w.Body, step.want)
		}
	}
	s.wantLogged(t, "set views:/a 41 9007199254740993 api",
		fmt.Sprint("set views:/a 9007199254740993 ", int64(math.MaxInt64), " api"), fmt.Sprint("reset views:/a ", int64(math.MaxInt64), " 0 api"))
}

func TestAPIIsStrict(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:/a": 41, "session:1": 1})
	for _, test := range []struct {
		method, path, contentType, body string
		status                          int
		text                            string
	}{
		{"PUT", "views:%2Fa", "", `{"value": 1}`, 415, "application/json"},
		{"PUT", "views:%2Fa", "text/plain", `{"value": 1}`, 415, ""},
		{"PUT", "views:%2Fa", "application/json; charset=latin1", `{"value": 1}`, 415, ""},
		{"PUT", "views:%2Fa", "application/json; charset=Utf-8", `{}`, 400, "no member"},
		{"PUT", "views:%2Fa", "application/json", ``, 400, "not a JSON object"},
		{"PUT", "views:%2Fa", "application/json", `41`, 400, "not a JSON object"},
		{"PUT", "views:%2Fa", "application/json", `[{"value": 1}]`, 400, "not a JSON object"},
		{"PUT", "views:%2Fa", "application/json", `{}`, 400, "no member"},
		{"PUT", "views:%2Fa", "application/json", `{"value": "1"}`, 400, "is not a whole number"},
		{"PUT", "views:%2Fa", "application/json", `{"value": null}`, 400, ""},
		{"PUT", "views:%2Fa", "application/json", `{"value": 1.0}`, 400, "not a whole number"},
		{"PUT", "views:%2Fa", "application/json", `{"value": 1e3}`, 400, "not a whole number"},
		{"PUT", "views:%2Fa", "application/json", `{"value": -1}`, 400, "not a whole number"},
		{"PUT", "views:%2Fa", "application/json", `{"value": 9223372036854775808}`, 400, "not a whole number"},
		{"PUT", "views:%2Fa", "application/json", `{"value": 1, "value": 2}`, 400, "twice"},
		{"PUT", "views:%2Fa", "application/json", `{"Value": 1}`, 400, "unknown member"},
		{"PUT", "views:%2Fa", "application/json", `{"value": 1, "x": 2}`, 400, "unknown member"},
		{"PUT", "views:%2Fa", "application/json", `{"value": 1} {}`, 400, "follows"},
		{"PUT", "views:%2Fa", "application/json", `{"value": 1}` + "\x00", 400, "follows"},
		{"PUT", "views:%2Fa", "application/json", `{"value": 1`, 400, "not a JSON object"},
		{"PUT", "views:%2Fa", "application/json", `{"value": 1}` + strings.Repeat(" ", 1024), 413, "1024 bytes"},
		{"PUT", "views:%2Fa?x=1", "application/json", `{"value": 1}`, 400, "does not exist here"},
		{"PUT", "session:1", "application/json", `{"value": 1}`, 404, "not a counter of this app"},
		{"GET", "session:1", "", "", 404, ""},
		{"DELETE", "session:1", "", "", 404, ""},
		{"DELETE", "views:%0A", "", "", 400, "control"},
		{"DELETE", "views:%ff", "", "", 400, "UTF-8"},
		{"GET", "", "", "", 404, ""},
		{"POST", "views:%2Fa", "application/json", `{"value": 1}`, 405, "no method"},
		{"PATCH", "views:%2Fa", "application/json", `{"value": 1}`, 405, ""},
	} {
		w := s.do(test.method, "/admin/api/counters/"+test.path, test.contentType, strings.NewReader(test.body))
		wantProblem(t, w, test.status, test.text)
		if w.Header().Get("Test-Door") != "bearer" {
			t.Errorf("%s %s is not behind the gate", test.method, test.path)
		}
	}
	if allow := s.do("PATCH", "/admin/api/counters/views:a", "", nil).Header().Get("Allow"); allow != "DELETE, GET, HEAD, PUT" {
		t.Errorf("Allow: %q", allow)
	}
	s.wantValue(t, "views:/a", 41)
	s.wantValue(t, "session:1", 1)
	s.wantLogged(t)
}

func TestAPITellsWhatTheStoreDid(t *testing.T) {
	for status, err := range map[int]error{
		http.StatusServiceUnavailable: fmt.Errorf("%w: away", counter.ErrBusy),
		http.StatusGatewayTimeout:     fmt.Errorf("%w: away", counter.ErrUnknown),
		http.StatusConflict:           counter.ErrType,
	} {
		s := newSite(t, refusing{countermemory.New(), err})
		w := s.do(http.MethodPut, "/admin/api/counters/counter_key", "application/json", strings.NewReader(`{"value":1}`))
		wantProblem(t, w, status, "")
		if retry := w.Header().Get("Retry-After") != ""; retry != (status == http.StatusServiceUnavailable) {
			t.Errorf("%v: Retry-After is there: %t", err, retry)
		}
	}
}

// Every name there can be is reached by its path, and comes back as it is.
func TestAPINames(t *testing.T) {
	s := newFilled(t, nil)
	for _, name := range append(hostileNames(), "views:a/../b//c", "views:%2F", "views:a b+c?d#e;f&g=h", "views:.", "views:") {
		path := "/admin/api/counters/" + url.PathEscape(name)
		if w := s.do(http.MethodPut, path, "application/json", strings.NewReader(`{"value":5}`)); w.Code != http.StatusOK {
			t.Errorf("%q: %d %s", name, w.Code, w.Body)
		}
		s.wantValue(t, name, 5)
		s.do(http.MethodDelete, path, "", nil)
		s.wantValue(t, name, 0)
	}
}

// All but the stylesheet is behind the gate: what is not there, too.
func TestDoors(t *testing.T) {
	s := newFilled(t, nil)
	path, css := templates.AdminStylesheet()
	if w := s.get(path); w.Code != http.StatusOK || w.Body.String() != string(css) || w.Header().Get("Test-Door") != "" ||
		w.Header().Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("the stylesheet: %d %v", w.Code, w.Header())
	}
	for target, door := range map[string]string{
		"/admin/": "session", "/admin/counter?name=views:a": "session", "/admin/import": "session", "/admin/export?format=csv": "session",
		"/admin/set": "session", "/admin/nowhere": "session", "/admin//": "session", "/admin/../": "session", "/admin/%61pi": "session",
		"/admin/api/counters": "bearer", "/admin/api/": "bearer", "/admin/api/nowhere": "bearer", "/admin/api/import": "bearer",
		"/admin/api/export?format=csv": "bearer", "/admin/api/counters/": "bearer", "/admin/api//counters": "bearer",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, "BREW"} {
			if w := s.do(method, target, "", nil); w.Header().Get("Test-Door") != door {
				t.Errorf("%s %s: %d by the door %q; want %q", method, target, w.Code, w.Header().Get("Test-Door"), door)
			}
		}
	}
}
