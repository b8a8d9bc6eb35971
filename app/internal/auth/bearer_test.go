package auth_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestBearer(t *testing.T) {
	s := newSite(t, settings())
	session := s.letIn(t)
	for name, test := range map[string]struct {
		parts     []part
		challenge string
	}{
		"nothing":       {nil, `Bearer realm="admin"`},
		"a session":     {[]part{with(session)}, `Bearer realm="admin"`},
		"basic":         {[]part{func(r *http.Request) { r.SetBasicAuth("admin", password) }}, `Bearer realm="admin"`},
		"no scheme":     {[]part{header("Authorization", strings.ReplaceAll(password, " ", ""))}, `Bearer realm="admin"`},
		"empty":         {[]part{bearer("")}, `Bearer realm="admin"`},
		"twice":         {[]part{bearer(password), bearer(password)}, `Bearer realm="admin"`},
		"wrong":         {[]part{bearer("wrong")}, `Bearer realm="admin", error="invalid_token"`},
		"almost right":  {[]part{bearer(password + "x")}, `Bearer realm="admin", error="invalid_token"`},
		"two spaces":    {[]part{bearer(" " + password)}, `Bearer realm="admin", error="invalid_token"`},
		"in the header": {[]part{header("X-Authorization", "Bearer "+password)}, `Bearer realm="admin"`},
	} {
		w := s.do(t, http.MethodGet, "/admin/api/?access_token="+strings.ReplaceAll(password, " ", "+"), test.parts...)
		var problem struct {
			Title, Detail string
			Status        int
		}
		err := json.Unmarshal(w.Body.Bytes(), &problem)
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != test.challenge || err != nil ||
			w.Header().Get("Content-Type") != "application/problem+json" || problem.Status != 401 || problem.Title == "" || problem.Detail == "" {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
	for range 100 { // what is right costs nothing
		w := s.do(t, http.MethodGet, "/admin/api/", bearer(password))
		if w.Code != http.StatusOK || w.Body.String() != "the API" || len(w.Result().Cookies()) > 0 {
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
	}
	wantStatus(t, "lower case", s.do(t, http.MethodGet, "/admin/api/", header("Authorization", "bearer "+password)), http.StatusOK)
}
