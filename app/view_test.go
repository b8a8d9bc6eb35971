package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// say sends the text as it is, closes its side of the connection if it is told to, and
// returns all that is answered.
func (p *process) say(t *testing.T, text string, halfClose bool) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err = io.WriteString(conn, text); err == nil && halfClose {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	answer, readErr := io.ReadAll(conn)
	if err := errors.Join(err, readErr); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return string(answer)
}

// A client that has asked and closed its side of the connection is counted and answered.
func TestHalfClosedConnections(t *testing.T) {
	t.Parallel()
	for name, variables := range map[string][]string{
		"memory": nil,
		"redis":  {"REDIS_URL=" + redistest.Start(t).URL(), patient},
	} {
		t.Run(name, func(t *testing.T) {
			app := startProcess(t, variables...)
			const times = 100
			for n := range times {
				want := fmt.Sprintf("This page was viewed %d times.", n+1)
				if answer := app.say(t, "GET / HTTP/1.0\r\n\r\n", true); !strings.Contains(answer, want) {
					t.Fatalf("want %q:\n%s", want, answer)
				}
				if answer := app.say(t, "GET /readyz HTTP/1.0\r\n\r\n", true); !strings.HasPrefix(answer, "HTTP/1.0 200 ") {
					t.Fatalf("/readyz:\n%s", answer)
				}
			}
			if answer := app.say(t, "HEAD / HTTP/1.0\r\n\r\n", true); !strings.HasPrefix(answer, "HTTP/1.0 200 ") {
				t.Fatalf("HEAD:\n%s", answer)
			}
			app.wantView(t, times+1)
		})
	}
}

// So is one that asks for anything else.
func TestHalfClosedConnectionsElsewhere(t *testing.T) {
	t.Parallel()
	for name, variables := range map[string][]string{
		"memory": nil,
		"redis":  {"REDIS_URL=" + redistest.Start(t).URL(), patient},
	} {
		t.Run(name, func(t *testing.T) {
			app := startProcess(t, append(variables, "ADMIN_TOKEN="+strings.Repeat("a", 32), "COMPAT=all")...)
			for _, target := range []string{
				"POST /api/v1/views/example.com/a", "GET /badge/example.com/a.svg?show=today", "GET /chart/example.com/a.svg", "GET /stats/example.com/a",
				"GET /api/v1/history/example.com/a", "GET /api/v1/sites/example.com", "GET /admin/api/counters", "PUT /admin/api/counters/views:example.com/a",
				"GET /admin/api/counters/views:example.com/a", "GET /admin/api/export?format=csv", "GET /admin/api/aliases", "POST /admin/api/import",
			} {
				request := target + " HTTP/1.0\r\nAuthorization: Bearer " + strings.Repeat("a", 32) + "\r\n"
				switch body := `{"value":7}`; {
				case strings.HasPrefix(target, "PUT "):
					request += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				case strings.HasSuffix(target, "/import"):
					body = "name,value\nviews:example.com/b,3\n"
					request += fmt.Sprintf("Content-Type: text/csv\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				default:
					request += "\r\n"
				}
				for range 10 {
					answer := app.say(t, request, true)
					if !strings.HasPrefix(answer, "HTTP/1.0 200 ") || strings.Contains(answer, "unavailable") || strings.Contains(answer, "can&#39;t be reached") {
						t.Fatalf("%s:\n%.1000s", target, answer)
					}
				}
			}
		})
	}
}

// A target may name the host (RFC 9112, section 3.2.2). Without a path it is that of the page
// (RFC 9110, section 4.2.3).
func TestTargets(t *testing.T) {
	t.Parallel()
	app := startProcess(t)
	views := int64(0)
	for target, want := range map[string]int{
		"GET {}": 200, "GET {}/": 200, "GET {}?x=1": 200, "GET {}/?x=1": 200, "HEAD {}": 200, "POST {}": 405,
		"GET HTTP://127.0.0.1": 200, "GET http://user@[::1]:80": 200, "GET https://example.com?": 200,
		"GET {}/healthz": 200, "GET {}//": 404, "GET //": 404, "GET {}/x": 404, "GET /?": 200,
		"OPTIONS {}": 404, "OPTIONS *": 404, "OPTIONS {}/": 405, "GET *": 404, "CONNECT 127.0.0.1:80": 404, "GET mailto:a@b": 404,
		"GET ": 400, "GET x": 400, "GET ?x=1": 400, "GET http://[": 400,
	} {
		request := strings.ReplaceAll(target, "{}", app.url) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
		answer := app.say(t, request, false)
		if !strings.HasPrefix(answer, fmt.Sprintf("HTTP/1.1 %d %s", want, http.StatusText(want))) {
			t.Errorf("%q; want %d:\n%s", target, want, answer)
		}
		if strings.Contains(answer, "View-Status: counted") {
			views++
		}
	}
	if views != 8 {
		t.Errorf("%d views; want one for each GET of the page", views)
	}
	app.wantView(t, views+1)
}

func TestBots(t *testing.T) {
	t.Parallel()
	request := func(agent string) string { return "GET / HTTP/1.0\r\nUser-Agent: " + agent + "\r\n\r\n" }
	app := startProcess(t)
	for agent, want := range map[string]string{
		"curl/8.5.0": "counted", "": "counted", visitor: "counted",
		"Googlebot/2.1": "skipped;reason=bot", "ELB-HealthChecker/2.0": "skipped;reason=bot",
	} {
		if answer := app.say(t, request(agent), false); !strings.Contains(answer, "View-Status: "+want+"\r\n") {
			t.Errorf("%s; want %s:\n%s", agent, want, answer)
		}
	}
	app.wantView(t, 4)
	app = startProcess(t, "SKIP_BOTS=false")
	if answer := app.say(t, request("Googlebot/2.1"), false); !strings.Contains(answer, "View-Status: counted\r\n") {
		t.Errorf("with SKIP_BOTS=false:\n%s", answer)
	}
}
