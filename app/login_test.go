package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	adminPassword = "correct horse battery staple"
	withPassword  = "ADMIN_PASSWORD=" + adminPassword
	adminToken    = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
	withToken     = "ADMIN_TOKEN=" + adminToken
	withKey       = "SECRET_KEY=0123456789abcdef0123456789abcdef"
)

// send asks the app as a program does that follows no redirects, with headers
// given as name, value and so on.
func (p *process) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// login sends the password by the form.
func (p *process) login(t *testing.T, password string, headers ...string) answer {
	t.Helper()
	body := url.Values{"password": {password}}.Encode()
	return p.send(t, http.MethodPost, "/admin/login", body, append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
}

// letIn logs in and returns the value of the header Cookie.
func (p *process) letIn(t *testing.T, password string, headers ...string) string {
	t.Helper()
	got := p.login(t, password, headers...)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/admin/" {
		t.Fatalf("%d %v %s", got.status, got.header, got.body)
	}
	var cookies []string
	for _, line := range got.header["Set-Cookie"] {
		cookie, _, _ := strings.Cut(line, ";")
		cookies = append(cookies, cookie)
	}
	return strings.Join(cookies, "; ")
}

// wantSession checks whether the cookies open the admin site.
func (p *process) wantSession(t *testing.T, want bool, cookies string, headers ...string) {
	t.Helper()
	got := p.send(t, http.MethodGet, "/admin/", "", append(headers, "Cookie", cookies)...)
	if want && got.status != http.StatusOK || !want && (got.status != http.StatusSeeOther || got.header.Get("Location") != "/admin/login") {
		t.Errorf("%d %v %.300s; want a session: %t", got.status, got.header, got.body, want)
	}
}

// Processes with the same key know each other's sessions, others don't, and a new
// password ends them.
func TestSessionsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	one, two := startProcess(t, withPassword, withKey), startProcess(t, withPassword, withKey)
	alone := startProcess(t, withPassword)
	changed := startProcess(t, withPassword+"!", withKey)
	cookies := one.letIn(t, adminPassword)
	one.wantSession(t, true, cookies)
	two.wantSession(t, true, cookies)
	alone.wantSession(t, false, cookies)
	changed.wantSession(t, false, cookies)
	changed.letIn(t, adminPassword+"!")
	own := alone.letIn(t, adminPassword)
	alone.wantSession(t, true, own)
	one.wantSession(t, false, own)
	for _, p := range []*process{one, two, changed, alone} {
		if warned := strings.Count(p.log(), "SECRET_KEY is not set"); warned != 1 && p == alone || warned != 0 && p != alone {
			t.Errorf("%d warnings that there is no key", warned)
		}
	}
	if got := one.send(t, http.MethodPost, "/admin/logout", "", "Cookie", cookies); got.status != http.StatusSeeOther {
		t.Errorf("log-out: %d %s", got.status, got.body)
	}
	one.wantSession(t, false, cookies)
}

// Behind a proxy that does TLS, cookies are for TLS alone, and posts of the own
// origin pass.
func TestLoginBehindTLS(t *testing.T) {
	t.Parallel()
	app := startProcess(t, withPassword, withKey)
	browser := []string{
		"X-Forwarded-Proto", "https", "X-Forwarded-For", "203.0.113.7",
		"Origin", strings.Replace(app.url, "http:", "https:", 1), "Sec-Fetch-Site", "same-origin",
	}
	cookies := app.letIn(t, adminPassword, browser...)
	if !strings.HasPrefix(cookies, "__Host-admin-session=") {
		t.Errorf("%q", cookies)
	}
	app.wantSession(t, true, cookies, browser...)
	app.wantSession(t, false, cookies)
	if !strings.Contains(app.logged(t), `"admin: logged in","client":"203.0.113.7","tls":true`) {
		t.Errorf("the login of 203.0.113.7 is not logged:\n%s", app.log())
	}
	direct := startProcess(t, withPassword, withKey, "TRUSTED_PROXIES=none")
	if cookies := direct.letIn(t, adminPassword, browser...); strings.Contains(cookies, "__Host-") {
		t.Errorf("%q: TLS is believed of a peer that is not trusted", cookies)
	}
	if strings.Contains(direct.logged(t), "203.0.113.7") {
		t.Errorf("an address is believed of a peer that is not trusted:\n%s", direct.log())
	}
}

// A link on another site sends the session to addresses that change counters by GET. They want
// the token.
func TestSessionChangesNothingByLink(t *testing.T) {
	t.Parallel()
	app := startProcess(t, withPassword, withKey, "COMPAT=all")
	link := []string{"X-Forwarded-Proto", "https", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	cookies := app.letIn(t, adminPassword, "X-Forwarded-Proto", "https")
	app.wantSession(t, true, cookies, link...)
	if got := app.send(t, http.MethodGet, "/hit/a-space/a-key", ""); got.status != http.StatusOK {
		t.Fatal(got.status, got.body)
	}
	for _, target := range []string{"/set/a-space/a-key?value=9", "/update/a-space/a-key?amount=9", "/v1/a-space/a-key/set?count=9"} {
		if got := app.send(t, http.MethodGet, target, "", append(link, "Cookie", cookies)...); got.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
}

// The secrets are in nothing that the app says, not even with DEBUG.
func TestSecretsAreShownNowhere(t *testing.T) {
	t.Parallel()
	for _, debug := range []string{"false", "true"} {
		app := launchServing(t, withPassword, withToken, withKey, "DEBUG="+debug)
		var said strings.Builder
		hear := func(got answer) {
			fmt.Fprintln(&said, got.status, got.header, got.body)
		}
		form := "application/x-www-form-urlencoded"
		secret := url.Values{"password": {adminPassword}}.Encode()
		cookies := app.letIn(t, adminPassword)
		fmt.Fprintln(&said, cookies)
		for _, headers := range [][]string{
			{"Cookie", cookies},
			{"Authorization", "Bearer " + adminToken},
			{"Authorization", "Bearer " + adminPassword},
			{"Authorization", "Bearer wrong" + adminToken},
			{"Authorization", "Basic " + adminPassword},
			{"Cookie", "admin-session=" + url.QueryEscape(adminPassword)},
			{"Content-Type", form},
			{"Content-Type", form, "Origin", "https://attacker.example"},
			{"Content-Type", "text/plain"},
		} {
			for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
				for _, path := range []string{"/admin/", "/admin/login", "/admin/api/counters", "/admin/nowhere", "/nowhere", "/"} {
					hear(app.send(t, method, path+"?"+secret, secret, headers...))
				}
			}
		}
		hear(app.login(t, "wrong "+adminPassword))
		hear(app.send(t, http.MethodPost, "/admin/logout", "", "Cookie", cookies))
		app.stopDrained(t)
		all := said.String() + app.log()
		for _, part := range []string{adminPassword, adminToken, url.QueryEscape(adminPassword), url.PathEscape(adminPassword), "horse", withKey[len("SECRET_KEY="):]} {
			if at := strings.Index(all, part); at >= 0 {
				t.Errorf("%q is shown: …%s…", part, all[max(0, at-200):min(len(all), at+200)])
			}
		}
	}
}

// launchServing starts the app in a mode in which its log is for people.
func launchServing(t *testing.T, variables ...string) *process {
	t.Helper()
	port := freePort(t)
	app, _ := launch(t, append(variables, "PORT="+port)...)
	app.url = "http://127.0.0.1:" + port
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := app.tryGet(t.Context(), "/healthz"); err == nil {
			return app
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// freePort is one that nobody listened at a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// However a path is written, without a session it shows nothing, and without a
// password the answer is that of any unknown path.
func TestPathsToTheAdminSite(t *testing.T) {
	t.Parallel()
	on, off := startProcess(t, withPassword, withToken, withKey), startProcess(t)
	unknown := raw(t, off, "GET /nowhere HTTP/1.1")
	for _, target := range []string{
		"/admin", "/admin/", "//admin/", "/Admin/", "/admin/..", "/admin/../", "/admin/../admin/", "/x/../admin/", "/%61dmin/", "/admin%2f", "/admin/%2e%2e/admin/",
		"/admin/.", "/admin.", "/admin./", "/admin;x/", "/admin/counters?a", "/admin/login/../", "http://admin/admin/", "/admin/api/counters", "/admin/api/../", "/admin/set/",
		"/admin/api/counters/counter_key", "/admin/export?format=csv", "/admin//export?format=csv", "/admin/export/", "/admin/./export", "/admin/login/../export", "/admin/api//counters",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"} {
			line := method + " " + target + " HTTP/1.1"
			if got := raw(t, off, line); method == "GET" && got != unknown || !strings.HasPrefix(got, "404 ") {
				t.Errorf("off: %s: %s", line, got)
			}
			got := raw(t, on, line)
			if status := got[:3]; status != "303" && status != "401" && status != "403" && status != "404" && status != "405" || strings.Contains(got, "counter_key") {
				t.Errorf("on: %s: %s", line, got)
			}
		}
	}
}

// raw sends the request line as it is, and returns what is answered, without what
// differs each time.
func raw(t *testing.T, p *process, line string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s\r\nHost: a\r\nX-Request-Id: 1\r\nX-Original-URL: /admin/\r\nX-HTTP-Method-Override: GET\r\nContent-Length: 0\r\n\r\n", line)
	method, _, _ := strings.Cut(line, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	response.Header.Del("Date")
	return fmt.Sprint(response.StatusCode, response.Header, string(body))
}

// Whatever a password is made of gets through the form.
func TestOddPassword(t *testing.T) {
	t.Parallel()
	const odd = `zwölf 字 & + %41 "'\;= ,<b>`
	app := startProcess(t, "ADMIN_PASSWORD="+odd, withKey)
	app.wantSession(t, true, app.letIn(t, odd))
}
