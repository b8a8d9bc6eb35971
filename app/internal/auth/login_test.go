package auth_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/config"
)

func TestLogin(t *testing.T) {
	s := newSite(t, settings())
	if s.opens(t) {
		t.Fatal("the page opens without a login")
	}
	w := s.do(t, http.MethodGet, "/admin/login")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<form") || len(w.Result().Cookies()) > 0 {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for _, wrong := range []string{"", "wrong", password + " ", strings.ToUpper(password), password[:27]} {
		if w := newSite(t, settings()).login(t, wrong); w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 {
			t.Errorf("%q: %d %v", wrong, w.Code, w.Header())
		}
	}
	session := s.letIn(t)
	if !s.opens(t, with(session)) || s.opens(t) {
		t.Error("the page opens for others, or not for the session")
	}
	wantRedirect(t, s.do(t, http.MethodGet, "/admin/login", with(session)), "/admin/")
}

// A gate without a password is shut, to the empty password, too.
func TestNoPassword(t *testing.T) {
	for _, cfg := range []config.Config{{}, {SecretKey: key}} {
		s := newSite(t, cfg)
		if s.logs.Len() > 0 {
			t.Errorf("%v is logged where nothing is to be signed", s.logs.All())
		}
		wantStatus(t, "the empty password", s.login(t, ""), http.StatusForbidden)
		wantStatus(t, "no password", s.do(t, http.MethodGet, "/admin/api/", bearer(" ")), http.StatusUnauthorized)
		if s.opens(t, with(newSite(t, settings()).letIn(t))) {
			t.Error("the page opens")
		}
	}
}

// The longest password that can be set gets through the form, whatever it is made of.
func TestLongestPassword(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 1024), strings.Repeat("ä", 512), strings.Repeat("字", 341), strings.Repeat("%& +", 255) + "last"} {
		cfg := settings()
		cfg.AdminPassword = text
		if w := newSite(t, cfg).login(t, text); w.Code != http.StatusSeeOther {
			t.Errorf("%.20q of %d bytes: %d %s", text, len(text), w.Code, w.Body)
		}
		wantStatus(t, "one character less", newSite(t, cfg).login(t, text[:len(text)-1]), http.StatusForbidden)
	}
}

// Only what the form sends is read.
func TestLoginReadsTheFormAlone(t *testing.T) {
	secret := url.Values{"password": {password}}.Encode()
	body := func(kind, text string) part {
		return func(r *http.Request) {
			r.Header.Set("Content-Type", kind)
			r.Body = io.NopCloser(strings.NewReader(text))
		}
	}
	const urlencoded = "application/x-www-form-urlencoded"
	multipart := "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + password + "\r\n--b--\r\n"
	for name, test := range map[string]struct {
		path   string
		body   part
		status int
	}{
		"in the address":   {"/admin/login?" + secret, body(urlencoded, ""), http.StatusBadRequest},
		"twice":            {"/admin/login", body(urlencoded, secret+"&"+secret), http.StatusBadRequest},
		"malformed":        {"/admin/login", body(urlencoded, secret+"&%zz"), http.StatusBadRequest},
		"semicolons":       {"/admin/login", body(urlencoded, secret+";a=b"), http.StatusBadRequest},
		"JSON":             {"/admin/login", body("application/json", `{"password":"`+password+`"}`), http.StatusUnsupportedMediaType},
		"multipart":        {"/admin/login", body("multipart/form-data; boundary=b", multipart), http.StatusUnsupportedMediaType},
		"text":             {"/admin/login", body("text/plain", secret), http.StatusUnsupportedMediaType},
		"no type":          {"/admin/login", body("", secret), http.StatusUnsupportedMediaType},
		"large":            {"/admin/login", body(urlencoded, secret+"&x="+strings.Repeat("x", 5000)), http.StatusRequestEntityTooLarge},
		"another charset":  {"/admin/login", body(urlencoded+"; charset=utf-8", secret), http.StatusSeeOther},
		"in the body also": {"/admin/login?password=wrong", body(urlencoded, secret), http.StatusSeeOther},
	} {
		w := newSite(t, settings()).do(t, http.MethodPost, test.path, test.body)
		wantStatus(t, name, w, test.status)
		if (len(w.Result().Cookies()) > 0) != (test.status == http.StatusSeeOther) {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
}

// A body without end is read no further than a password goes.
func TestLoginReadsNoMoreThanItMust(t *testing.T) {
	body := &endless{}
	w := newSite(t, settings()).do(t, http.MethodPost, "/admin/login", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(body)
	})
	wantStatus(t, "endless", w, http.StatusRequestEntityTooLarge)
	if body.read > 64<<10 {
		t.Errorf("%d bytes were read", body.read)
	}
}

type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.read += len(p)
	return len(p), nil
}

func TestMethods(t *testing.T) {
	s := newSite(t, settings())
	session := s.letIn(t)
	for path, allowed := range map[string]string{"/admin/login": "GET, HEAD, POST", "/admin/logout": "POST"} {
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", "BREW"} {
			if strings.Contains(allowed, method) {
				continue
			}
			w := s.do(t, method, path, with(session), header("X-HTTP-Method-Override", "POST"), header("X-Method-Override", "POST"))
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != allowed {
				t.Errorf("%s %s: %d, Allow: %q", method, path, w.Code, w.Header().Get("Allow"))
			}
		}
	}
	if !s.opens(t, with(session)) {
		t.Error("the session was ended by a method that can't")
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"} {
		wantStatus(t, method+" without a session", s.do(t, method, "/admin/set"), http.StatusForbidden)
	}
	wantRedirect(t, s.do(t, http.MethodHead, "/admin/"), "/admin/login")
}

// Another site's page can do nothing with the owner's browser.
func TestOtherSitesAreRefused(t *testing.T) {
	s := newSite(t, settings())
	session := s.letIn(t)
	for name, parts := range map[string][]part{
		"cross-site":         {header("Sec-Fetch-Site", "cross-site")},
		"same-site":          {header("Sec-Fetch-Site", "same-site"), header("Origin", "https://example.com")},
		"unknown":            {header("Sec-Fetch-Site", "?")},
		"another origin":     {header("Origin", "https://attacker.example")},
		"another port":       {header("Origin", "https://example.com:8443")},
		"opaque origin":      {header("Origin", "null")},
		"a like name":        {header("Origin", "https://example.com.attacker.example")},
		"behind TLS":         {through(owner, "https"), header("Origin", "https://attacker.example")},
		"forwarded host":     {through(owner, "https"), header("Origin", "https://attacker.example"), header("X-Forwarded-Host", "attacker.example")},
		"override to a read": {header("Sec-Fetch-Site", "cross-site"), header("X-HTTP-Method-Override", "GET")},
	} {
		for _, path := range []string{"/admin/set", "/admin/logout", "/admin/login", "/admin/api/"} {
			w := s.do(t, http.MethodPost, path, append(parts, with(session), form(url.Values{"password": {password}}), bearer(token))...)
			if w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 {
				t.Errorf("%s: POST %s: %d %v", name, path, w.Code, w.Header())
			}
		}
	}
	if !s.opens(t, with(session)) {
		t.Error("the session was ended")
	}
	for name, parts := range map[string][]part{
		"a browser":           {header("Sec-Fetch-Site", "same-origin"), header("Origin", "http://example.com")},
		"an older one":        {header("Origin", "http://example.com")},
		"an older one by TLS": {through(owner, "https"), header("Origin", "https://example.com")},
		"a program":           nil,
	} {
		if w := s.login(t, password, parts...); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// What happened is logged with who did it, and no secret is shown anywhere.
func TestLogsWithoutSecrets(t *testing.T) {
	s := newSite(t, settings())
	const almost = "correct horse battery stable"
	const almostToken = token + "0"
	var answers []*httptest.ResponseRecorder
	seen := func(w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		answers = append(answers, w)
		return w
	}
	session := seen(s.letIn(t, through("203.0.113.5", "https")))
	seen(s.do(t, http.MethodPost, "/admin/logout", through("203.0.113.5", "https"), with(session)))
	seen(s.do(t, http.MethodPost, "/admin/login", header("Origin", "https://attacker.example")))
	for range 5 {
		seen(s.login(t, almost))
	}
	seen(s.login(t, password))
	seen(s.do(t, http.MethodGet, "/admin/api/", bearer(almostToken), from("203.0.113.6")))
	seen(s.do(t, http.MethodGet, "/admin/api/", bearer(token), from("203.0.113.6")))
	seen(s.login(t, token, from("203.0.113.6")))
	want := []string{
		"admin: logged in 203.0.113.5 true", "admin: logged out 203.0.113.5 true", "admin: refused a request from another site " + owner + " false",
		"admin: wrong password " + owner + " false", "admin: wrong password " + owner + " false", "admin: wrong password " + owner + " false",
		"admin: wrong password " + owner + " false", "admin: wrong password " + owner + " false", "admin: too many attempts " + owner + " false",
		"admin: wrong token 203.0.113.6 false", "admin: logged in 203.0.113.6 false",
	}
	var got []string
	var all strings.Builder
	for _, line := range s.logs.All() {
		fields := line.ContextMap()
		if line.Message != "request" {
			got = append(got, fmt.Sprint(line.Message, " ", fields["client"], " ", fields["tls"]))
		}
		fmt.Fprintln(&all, line.Message, fields)
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("logged:\n%q\nwant:\n%q", got, want)
	}
	for _, w := range answers {
		fmt.Fprintln(&all, w.Code, w.Header(), w.Body)
	}
	for _, secret := range []string{password, almost, token, almostToken, url.QueryEscape(password), "horse", key} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%q is shown:\n%s", secret, &all)
		}
	}
}
