package auth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"example.com/herokuapp/app/internal/config"
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
		"basic":         {[]part{func(r *http.Request) { r.SetBasicAuth("admin", token) }}, `Bearer realm="admin"`},
		"no scheme":     {[]part{header("Authorization", token)}, `Bearer realm="admin"`},
		"empty":         {[]part{bearer("")}, `Bearer realm="admin"`},
		"twice":         {[]part{bearer(token), bearer(token)}, `Bearer realm="admin"`},
		"wrong":         {[]part{bearer("wrong")}, `Bearer realm="admin", error="invalid_token"`},
		"almost right":  {[]part{bearer(token + "x")}, `Bearer realm="admin", error="invalid_token"`},
		"cut":           {[]part{bearer(token[:len(token)-1])}, `Bearer realm="admin", error="invalid_token"`},
		"spaces":        {[]part{header("Authorization", "Bearer   ")}, `Bearer realm="admin"`},
		"a tab":         {[]part{header("Authorization", "Bearer\t"+token)}, `Bearer realm="admin"`},
		"the password":  {[]part{bearer(password)}, `Bearer realm="admin", error="invalid_token"`},
		"in the header": {[]part{header("X-Authorization", "Bearer "+token)}, `Bearer realm="admin"`},
	} {
		w := s.do(t, http.MethodGet, "/admin/api/?access_token="+token, test.parts...)
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
	wantStatus(t, "lower case", s.do(t, http.MethodGet, "/admin/api/", header("Authorization", "bearer "+token)), http.StatusOK)
	wantStatus(t, "two spaces", s.do(t, http.MethodGet, "/admin/api/", bearer(" "+token)), http.StatusOK)
}

// Whoever shares a program's address, or attacks from everywhere, can't lock the program
// out: it gets in whenever it shows the token.
func TestProgramsAreNotLockedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, settings())
		for n := range 100 {
			s.login(t, "wrong")
			s.do(t, http.MethodGet, "/admin/api/", bearer("wrong"))
			s.attackFromEverywhere(t, 10*n, 10)
			w := s.do(t, http.MethodGet, "/admin/api/", bearer(token))
			if w.Code != http.StatusOK || w.Body.String() != "the API" || len(w.Result().Cookies()) > 0 {
				t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
			}
		}
	})
}

// Each secret opens its own door where the other is not set.
func TestPasswordOrTokenAlone(t *testing.T) {
	passwordAlone, tokenAlone := settings(), settings()
	passwordAlone.AdminToken, tokenAlone.AdminPassword = "", ""
	s := newSite(t, passwordAlone)
	s.letIn(t)
	for _, shown := range []string{" ", password, token} {
		wantStatus(t, "no token is set", s.do(t, http.MethodGet, "/admin/api/", bearer(shown)), http.StatusUnauthorized)
	}
	s = newSite(t, tokenAlone)
	wantStatus(t, "the token", s.do(t, http.MethodGet, "/admin/api/", bearer(token)), http.StatusOK)
	wantStatus(t, "the empty password", s.login(t, ""), http.StatusForbidden)
	wantStatus(t, "no password is set", s.login(t, password), http.StatusForbidden)
	wantRedirect(t, s.login(t, token), "/admin/")
	if !newGate(t, passwordAlone).Enabled() || !newGate(t, tokenAlone).Enabled() || newGate(t, config.Config{}).Enabled() {
		t.Error("the gate is not enabled by either secret, or by none")
	}
}

// The token or a session tells the owner from a stranger, in requests that only read.
func TestIsOwner(t *testing.T) {
	s, gate := newSite(t, settings()), newGate(t, settings())
	session, secure := s.letIn(t), s.letIn(t, through(owner, "https"))
	for name, test := range map[string]struct {
		method string
		parts  []part
		want   bool
	}{
		"nothing":                    {http.MethodGet, nil, false},
		"the token":                  {http.MethodGet, []part{bearer(token)}, true},
		"a wrong token":              {http.MethodGet, []part{bearer("wrong")}, false},
		"a session":                  {http.MethodGet, []part{with(session)}, true},
		"a session of HEAD":          {http.MethodHead, []part{with(session)}, true},
		"a session with TLS":         {http.MethodGet, []part{through(owner, "https"), with(secure)}, true},
		"a session without its TLS":  {http.MethodGet, []part{with(secure)}, false},
		"a session that may be lent": {http.MethodPost, []part{with(session)}, false},
		"the token of POST":          {http.MethodPost, []part{bearer(token)}, true},
		"another's session":          {http.MethodGet, []part{header("Cookie", "admin-session=none")}, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), test.method, "/stats/example.com/", nil)
		from(owner)(r)
		for _, part := range test.parts {
			part(r)
		}
		if got := gate.IsOwner(r); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
		if got := gate.HasToken(r); got != strings.HasPrefix(name, "the token") {
			t.Errorf("%s: has the token: %t", name, got)
		}
	}
}
