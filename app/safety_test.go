package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// What endangers the counts in Redis is in the log, a line each, and in /readyz,
// which stays 200. The password is in neither.
func TestWarnsOfRedisInDanger(t *testing.T) {
	redis := redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", "--appendonly", "no", "--requirepass", "hunter2")
	app := startProcess(t, "REDIS_URL="+strings.Replace(redis.URL(), "//", "//:hunter2@", 1))
	want := []string{"maxmemory-policy is allkeys-lru: ", "appendonly is no and save is empty: "}

	var ready struct {
		Status   string
		Warnings []string
	}
	for ; len(ready.Warnings) == 0; time.Sleep(10 * time.Millisecond) {
		got := app.get(t, "/readyz")
		if err := json.Unmarshal([]byte(got.body), &ready); err != nil || got.status != http.StatusOK || ready.Status != "ok" {
			t.Fatalf("/readyz: %d %s, %v", got.status, got.body, err)
		}
	}
	wantPrefixes(t, "/readyz", ready.Warnings, want)
	app.wantView(t, 1)
	app.stopDrained(t)
	wantPrefixes(t, "the log", warnings(t, app.log()), want)
	if strings.Contains(app.log()+strings.Join(ready.Warnings, " "), "hunter2") {
		t.Error("the password is shown")
	}
}

// A safe Redis, one that says nothing about itself, and one that is away at the
// start give no such line.
func TestWarnsOfNothingElse(t *testing.T) {
	silent := redistest.Start(t, "--appendonly", "no", "--rename-command", "INFO", "", "--rename-command", "CONFIG", "")
	gone := redistest.Start(t)
	gone.Kill()
	for name, redis := range map[string]*redistest.Server{"safe": redistest.Start(t), "silent": silent, "away": gone} {
		app := startProcess(t, "REDIS_URL="+redis.URL())
		if name != "away" {
			app.wantView(t, 1)
			app.wantReady(t, http.StatusOK)
		}
		app.stopDrained(t)
		if got := warnings(t, app.log()); len(got) > 0 {
			t.Errorf("%s: %q; want no warnings", name, got)
		}
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
				t.Errorf("%s is no warning", text)
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
