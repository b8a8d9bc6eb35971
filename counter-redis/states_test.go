package counterredis_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/herokuapp/counter-redis/redistest"
)

// command returns what sends one command.
func command(args ...any) func(*testing.T, *redistest.Server, *redis.Client) {
	return func(t *testing.T, _ *redistest.Server, client *redis.Client) {
		t.Helper()
		do(t, client, args...)
	}
}

// keepConnection takes a connection of the client until the test ends.
func keepConnection(t *testing.T, _ *redistest.Server, client *redis.Client) {
	t.Helper()
	conn := client.Conn()
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

// failToSave makes the server's snapshot fail, on a folder where its file should be.
func failToSave(t *testing.T, _ *redistest.Server, client *redis.Client) {
	t.Helper()
	config, err := client.ConfigGet(t.Context(), "dir").Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(config["dir"], "dump.rdb"), 0o700); err != nil {
		t.Fatal(err)
	}
	do(t, client, "config", "set", "save", "3600 1000000")
	do(t, client, "bgsave")
	awaitReply(t, client, "MISCONF")
}

// runForever has the server run a script that ends with the test.
func runForever(t *testing.T, server *redistest.Server, client *redis.Client) {
	t.Helper()
	do(t, client, "config", "set", "lua-time-limit", 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Client().WithTimeout(time.Hour).Eval(t.Context(), "while true do end", nil)
	}()
	t.Cleanup(func() {
		client.ScriptKill(context.WithoutCancel(t.Context()))
		<-ended
	})
	awaitReply(t, client, "BUSY")
}

// loadForever has the server load its data again, a key in 20ms.
func loadForever(t *testing.T, server *redistest.Server, client *redis.Client) {
	t.Helper()
	pipe := client.WithTimeout(time.Hour).Pipeline()
	for i := range 5000 {
		pipe.Set(t.Context(), fmt.Sprint(i), strings.Repeat("x", 2048), 0)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, client, "config", "set", "rdbcompression", "no")
	do(t, client, "config", "set", "key-load-delay", 20000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Client().WithTimeout(time.Hour).Do(t.Context(), "debug", "reload")
	}()
	t.Cleanup(func() {
		server.Kill()
		<-ended
	})
	awaitReply(t, client, "LOADING")
}

// awaitReply returns once PING is answered with the error. The test's own time
// limits it.
func awaitReply(t *testing.T, client *redis.Client, code string) {
	t.Helper()
	for {
		if err := client.Ping(t.Context()).Err(); redis.HasErrorPrefix(err, code) {
			return
		}
	}
}
