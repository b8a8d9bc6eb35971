package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// What endangers the counts in Redis is in the log, a line each, without the password.
// /readyz stays 200, and tells strangers nothing of it.
func TestWarnsOfRedisInDanger(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", "--appendonly", "no", "--requirepass", "hunter2")
	app := startProcess(t, "REDIS_URL="+strings.Replace(redis.URL(), "//", "//:hunter2@", 1))
	want := []string{"maxmemory-policy is allkeys-lru: ", "appendonly is no and save is empty: "}

	for strings.Count(app.log(), `"warning":`) < len(want) {
		time.Sleep(10 * time.Millisecond)
	}
	if ready := app.get(t, "/readyz"); ready.status != http.StatusOK || ready.body != `{"status":"ok"}`+"\n" {
		t.Errorf("/readyz: %d %s", ready.status, ready.body)
	}
	app.wantNumber(t, 0)
	app.stopDrained(t)
	wantPrefixes(t, "the log", warnings(t, app.log()), want)
	if strings.Contains(app.log(), "hunter2") {
		t.Error("the password is shown")
	}
}

// A safe Redis, one that says nothing about itself, and one that is away at the
// start give no such line.
func TestWarnsOfNothingElse(t *testing.T) {
	t.Parallel()
	silent := redistest.Start(t, "--appendonly", "no", "--rename-command", "INFO", "", "--rename-command", "CONFIG", "")
	gone := redistest.Start(t)
	gone.Kill()
	for name, redis := range map[string]*redistest.Server{"safe": redistest.Start(t), "silent": silent, "away": gone} {
		app := startProcess(t, "REDIS_URL="+redis.URL())
		if name != "away" {
			app.wantNumber(t, 0)
			app.wantReady(t, http.StatusOK)
		}
		app.stopDrained(t)
		if got := warnings(t, app.log()); len(got) > 0 {
			t.Errorf("%s: %q; want no warnings", name, got)
		}
	}
}

// Counts in memory where they won't last are warned of.
func TestWarnsOfMemoryThatDoesNotLast(t *testing.T) {
	t.Parallel()
	app := startProcess(t, "DYNO=web.1", "REDIS_TLS_URL=rediss://:hunter2@127.0.0.1:1")
	app.wantView(t, 1)
	app.stopDrained(t)
	wantPrefixes(t, "the log", warnings(t, app.log()), []string{"counts are kept in memory", "counts are kept in memory"})
	if strings.Contains(app.log(), "hunter2") {
		t.Error("the password is shown")
	}
}

// warnings returns those in the log.
func warnings(t *testing.T, log string) []string {
	t.Helper()
	var found []string
	for text := range strings.Lines(log) {
		var line struct{ Level, Warning string }
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if line.Warning != "" {
			found = append(found, line.Warning)
			if line.Level != "warn" {
				t.Errorf("%s is not a warning", text)
			}
		}
	}
	return found
}

func wantPrefixes(t *testing.T, where string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("%s has the warnings %q; want %q", where, got, want)
		}
	}
}
