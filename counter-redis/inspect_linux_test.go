package counterredis_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// A disk that is full: Linux has one. The names are those of Redis 7 and later.
func TestWarningsOfFailedAppend(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no", "--appendfsync", "everysec")
	store, client := open(t, server.URL()), server.Client()
	dir := filepath.Join(client.ConfigGet(t.Context(), "dir").Val()["dir"], "appendonlydir")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", filepath.Join(dir, "temp-appendonly.aof.incr")); err != nil {
		t.Fatal(err)
	}
	do(t, client, "config", "set", "appendonly", "yes")
	wantAdd(t, store, "a", 1)
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		text := client.Info(t.Context(), "persistence").Val()
		// The rewrite must not write on while the test removes its files.
		if strings.Contains(text, "aof_last_write_status:err") && strings.Contains(text, "aof_rewrite_in_progress:0") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the append-only file can be written:\n%s", text)
		}
	}
	wantWarnings(t, store, "appendfsync is everysec: ", "aof_last_write_status is err: ")
}
