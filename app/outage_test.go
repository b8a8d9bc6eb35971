package main

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

var atLeast = regexp.MustCompile(`<p>This page was viewed at least ([0-9]+) times\.</p>`)

// A store that is away is said to be so, views are kept, and the first number
// after it has them all.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	app := startProcess(t, "REDIS_URL="+redis.URL())
	opened := 0
	for range 5 {
		opened = app.wantNumber(t, opened)
	}
	app.wantReady(t, http.StatusOK)

	redis.Kill()
	for range 20 {
		opened++
		app.wantAtLeast(t, opened)
	}
	app.wantReady(t, http.StatusServiceUnavailable)
	if health := app.get(t, "/healthz"); health.status != http.StatusOK {
		t.Errorf("/healthz: %d", health.status)
	}
	redis.Restart()
	app.wantNumber(t, opened)
	app.wantReady(t, http.StatusOK)
}

func TestRedisHangs(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	app := startProcess(t, "REDIS_URL="+redis.URL())
	opened := app.wantNumber(t, 0)
	redis.Stop()
	for range 5 {
		opened++
		app.wantAtLeast(t, opened)
	}
	redis.Continue()
	app.wantNumber(t, opened)
}

// Views before the store was ever reached have no number to show, and count all
// the same.
func TestRedisAwayAtStart(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	redis.Kill()
	app := startProcess(t, "REDIS_URL="+strings.Replace(redis.URL(), "redis://", "redis://:hunter2@", 1))
	for range 3 {
		page := app.get(t, "/")
		if page.status != http.StatusServiceUnavailable || page.header.Get("Retry-After") == "" ||
			page.header.Get("View-Status") != "pending" || views(page.body) != -1 {
			t.Errorf("%d %v %s", page.status, page.header, page.body)
		}
	}
	if log := app.logged(t); !strings.Contains(log, `"level":"warn"`) || strings.Contains(log, "hunter2") {
		t.Errorf("no warning, or a password in it:\n%s", log)
	}
	redis.Restart()
	app.wantNumber(t, 3)
}

// What is pending at SIGTERM is counted if the store comes back in time.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	app := startProcess(t, "REDIS_URL="+redis.URL())
	opened := app.wantNumber(t, 0)
	redis.Kill()
	for range 10 {
		opened++
		app.wantAtLeast(t, opened)
	}
	app.signal(t, syscall.SIGTERM)
	redis.Restart()
	app.wantDrained(t)
	wantCounted(t, redis, opened)
}

// What can't be counted is logged, with the number, and the exit status says so.
func TestStopSaysWhatIsLost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	app := startProcess(t, "REDIS_URL="+redis.URL(), "SHUTDOWN_TIMEOUT=2s")
	opened := app.wantNumber(t, 0)
	redis.Kill()
	for range 3 {
		opened++
		app.wantAtLeast(t, opened)
	}
	if status := app.stop(t, syscall.SIGTERM); status != 1 {
		t.Errorf("exit status %d", status)
	}
	log := app.log()
	if !strings.Contains(log, `"counter":"counter_key","additions":3`) || !strings.Contains(log, "\napp: ") {
		t.Errorf("the log does not say what is lost:\n%s", log)
	}
}

// wantAtLeast opens the page during an outage.
func (p *process) wantAtLeast(t *testing.T, want int) {
	t.Helper()
	page := p.get(t, "/")
	match := atLeast.FindStringSubmatch(page.body)
	if page.status != http.StatusOK || page.header.Get("View-Status") != "pending" || match == nil || match[1] != strconv.Itoa(want) {
		t.Fatalf("%d %v %s; want at least %d views", page.status, page.header, page.body, want)
	}
}

// wantNumber opens the page until it shows a number, which must be how often it was opened,
// before included. A slow machine may not have the number in time, at the start too.
func (p *process) wantNumber(t *testing.T, before int) (opened int) {
	t.Helper()
	for opened = before; ; {
		page := p.get(t, "/")
		opened++
		if page.header.Get("View-Status") == "counted" {
			if got := views(page.body); page.status != http.StatusOK || got != int64(opened) {
				t.Errorf("%d %s; want %d views", page.status, page.body, opened)
			}
			return opened
		}
		time.Sleep(10 * time.Millisecond) // the app tries again every second at the latest
	}
}

func (p *process) wantReady(t *testing.T, want int) {
	t.Helper()
	ready := p.get(t, "/readyz")
	if ready.status != want {
		t.Errorf("/readyz: %d %s; want %d", ready.status, ready.body, want)
	}
}
