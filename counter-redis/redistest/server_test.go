//go:build unix

package redistest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

func TestKillAndRestartKeepsData(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	if err := client.Set(t.Context(), "a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	addr := server.Addr()
	server.Kill()
	server.Kill() // is no error
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Error("a killed server answers")
	}
	server.Restart()
	if server.Addr() != addr {
		t.Errorf("restarted on %s; want %s", server.Addr(), addr)
	}
	if got, err := client.Get(t.Context(), "a").Result(); err != nil || got != "1" {
		t.Errorf("GET a = %q, %v after the restart; want 1", got, err)
	}
}

func TestStopAndContinue(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	client.Options().ContextTimeoutEnabled = true
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := client.Ping(ctx).Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("PING of a stopped server: %v", err)
	}
	server.Continue()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("PING of a continued server: %v", err)
	}
}

func TestArgumentsOverride(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no", "--requirepass", "p")
	client := server.Client()
	if err := client.Do(t.Context(), "auth", "p").Err(); err != nil {
		t.Fatal(err)
	}
}
