package admin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// yes sends the form that a page asks to confirm a rename with.
func (s *site) yes(name, to string, more ...string) *httptest.ResponseRecorder {
	return s.post("/admin/move", append([]string{"name", name, "to", to, "yes", "yes"}, more...)...)
}

func TestACounterIsRenamed(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:a.example/old": 7, "views:a.example/new": 5, "site:a.example": 12})
	wantPage(t, s.get("/admin/counter?name=views:a.example/old"), http.StatusOK, "Rename it", `name="alias" value="yes" checked`)
	asked := s.post("/admin/move", "name", "views:a.example/old", "to", "https://A.example/new/", "alias", "yes")
	wantPage(t, asked, http.StatusOK, "Merge?", ">7<", ">5<", ">12<", `value="views:a.example/new"`)
	s.wantValue(t, "views:a.example/old", 7)
	if w := s.yes("views:a.example/old", "views:a.example/new", "alias", "yes"); w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "done=moved") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	s.wantValue(t, "views:a.example/new", 12)
	s.wantValue(t, "views:a.example/old", 0)
	s.wantValue(t, "site:a.example", 12)
	wantPage(t, s.get("/admin/aliases"), http.StatusOK, "a.example/old", "a.example/new", "1 of at most 10,000")
	list := s.get("/admin/api/counters")
	if strings.Contains(list.Body.String(), "alias") || s.get("/admin/api/counters/alias:1").Code != http.StatusNotFound {
		t.Errorf("%s", list.Body)
	}
	if w := s.post("/admin/aliases", "name", "views:a.example/old"); w.Code != http.StatusSeeOther {
		t.Errorf("%d", w.Code)
	}
	wantPage(t, s.get("/admin/aliases?done=removed"), http.StatusOK, "was removed", "There are none")
	wantPage(t, s.post("/admin/aliases", "name", "views:a.example/old"), http.StatusNotFound, "not an alias")
}

func TestASiteIsRenamed(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:www.a.example/": 7, "views:www.a.example/x": 3, "views:a.example/": 1, "site:www.a.example": 10, "site:a.example": 1})
	wantPage(t, s.post("/admin/move", "name", "site:www.a.example", "to", "a.example"), http.StatusOK, "Pages that move along", ">2<", ">11<")
	if w := s.yes("site:www.a.example", "site:a.example"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]int64{"views:a.example/": 8, "views:a.example/x": 3, "site:a.example": 11, "site:www.a.example": 0, "views:www.a.example/": 0} {
		s.wantValue(t, name, want)
	}
}

func TestRenamesThatAreRefused(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:a.example/old": 7, "session:1": 1, "counter_key": 2})
	for _, test := range []struct {
		name, to string
		status   int
	}{
		{"views:a.example/old", "", http.StatusUnprocessableEntity},
		{"views:a.example/old", "ftp://a.example/", http.StatusUnprocessableEntity},
		{"views:a.example/old", "views:a.example/old", http.StatusConflict},
		{"views:a.example/old", "site:a.example", http.StatusConflict},
		{"site:a.example", "b.example/page", http.StatusUnprocessableEntity},
		{"session:1", "views:a.example/x", http.StatusNotFound},
		{"", "a.example/x", http.StatusBadRequest},
		{"views:a.example/old", "views:" + strings.Repeat("x", 600), http.StatusBadRequest},
	} {
		for _, w := range []*httptest.ResponseRecorder{s.post("/admin/move", "name", test.name, "to", test.to), s.yes(test.name, test.to), s.yes(test.name, test.to, "alias", "yes")} {
			if w.Code != test.status {
				t.Errorf("%q to %q: %d %s", test.name, test.to, w.Code, w.Body)
			}
		}
	}
	s.wantValue(t, "views:a.example/old", 7)
	s.wantValue(t, "session:1", 1)
}

func TestScriptsRename(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:a.example/old": 7})
	send := func(target, body string) *httptest.ResponseRecorder {
		return s.do(http.MethodPost, target, jsonType, strings.NewReader(body))
	}
	const body = `{"from":"views:a.example/old","to":"views:a.example/new","alias":true}`
	w := send("/admin/api/move?mode=look", body)
	if want := `{"from":"views:a.example/old","to":"views:a.example/new","alias":true,"moved":7,"before":0,"after":7,"dryRun":true}`; w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.wantValue(t, "views:a.example/old", 7)
	if w := send("/admin/api/move", body); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"after":7,"dryRun":false`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.wantValue(t, "views:a.example/new", 7)
	if w := s.get("/admin/api/aliases"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `{"aliases":[{"from":"views:a.example/old","to":"views:a.example/new","since":"2`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantProblem(t, send("/admin/api/move", `{"from":"views:a.example/new","to":"views:a.example/old","alias":true}`), http.StatusConflict, "already counts for the old one")
	for _, wrong := range []string{"", "{", "[]", `{"from":"a","to":"b","x":1}`, body + body} {
		wantProblem(t, send("/admin/api/move", wrong), http.StatusBadRequest, "The body must be like")
	}
	wantProblem(t, send("/admin/api/move?mode=add", body), http.StatusBadRequest, "mode=look")
	wantProblem(t, s.do(http.MethodPost, "/admin/api/move", csvType, strings.NewReader(body)), http.StatusUnsupportedMediaType, "application/json")
	if w := s.do(http.MethodDelete, "/admin/api/aliases/views:a.example%2Fold", "", nil); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"removed":"views:a.example/old"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantProblem(t, s.do(http.MethodDelete, "/admin/api/aliases/views:a.example%2Fold", "", nil), http.StatusNotFound, "not an alias")
	if w := s.get("/admin/api/aliases"); strings.TrimSpace(w.Body.String()) != `{"aliases":[]}` {
		t.Errorf("%s", w.Body)
	}
}
