package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// A store that is away gives a plain page that says so and never a number, and
// the count goes on when it is back.
func TestRedisAway(t *testing.T) {
	redis := redistest.Start(t)
	app := startProcess(t, "REDIS_URL="+redis.URL())
	app.wantView(t, 1)
	app.wantReady(t, http.StatusOK)

	redis.Kill()
	app.wantUnavailable(t)
	app.wantReady(t, http.StatusServiceUnavailable)
	if health := app.get(t, "/healthz"); health.status != http.StatusOK {
		t.Errorf("/healthz: %d", health.status)
	}
	redis.Restart()
	app.wantView(t, 2)
	app.wantReady(t, http.StatusOK)
}

func TestRedisHangs(t *testing.T) {
	redis := redistest.Start(t)
	app := startProcess(t, "REDIS_URL="+redis.URL())
	app.wantView(t, 1)
	redis.Stop()
	app.wantUnavailable(t)
	redis.Continue()
	// The view above was on its way, and its outcome unknown: it may have counted.
	page := app.get(t, "/")
	if got := views(page.body); page.status != http.StatusOK || got < 2 || got > 3 {
		t.Errorf("%d %s; want 2 or 3 views", page.status, page.body)
	}
}

func TestRedisAwayAtStart(t *testing.T) {
	redis := redistest.Start(t)
	redis.Kill()
	app := startProcess(t, "REDIS_URL="+strings.Replace(redis.URL(), "redis://", "redis://:hunter2@", 1))
	app.wantUnavailable(t)
	if log := app.log(); !strings.Contains(log, `"level":"warn"`) || strings.Contains(log, "hunter2") {
		t.Errorf("no warning, or a password in it:\n%s", log)
	}
	redis.Restart()
	app2 := startProcess(t, "REDIS_URL="+redis.URL())
	app2.wantView(t, 1)
}

// wantUnavailable opens the page and expects an answer without a number, in
// bounded time.
func (p *process) wantUnavailable(t *testing.T) {
	t.Helper()
	start := time.Now()
	page := p.get(t, "/")
	if page.status != http.StatusServiceUnavailable || page.header.Get("Retry-After") == "" || views(page.body) != -1 {
		t.Errorf("%d %v %s", page.status, page.header, page.body)
	}
	// 2 s are promised; the rest is for a slow machine.
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("the answer took %s", took)
	}
}

func (p *process) wantReady(t *testing.T, want int) {
	t.Helper()
	ready := p.get(t, "/readyz")
	if ready.status != want {
		t.Errorf("/readyz: %d %s; want %d", ready.status, ready.body, want)
	}
}
