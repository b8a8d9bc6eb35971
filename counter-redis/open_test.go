package counterredis_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestOpenRefusesURLs(t *testing.T) {
	const secret = "hunter2"
	for _, text := range []string{
		"", "127.0.0.1:6379", "localhost", "redis", "redis:", "redis://", "redis:///0", "redis:127.0.0.1",
		"http://:" + secret + "@127.0.0.1", "rediss", "REDIS//x",
		"redis://:" + secret + "@", "redis://:" + secret + "@:6379",
		"redis://:" + secret + "@127.0.0.1:port", "redis://:" + secret + "@127.0.0.1:0", "redis://:" + secret + "@127.0.0.1:65536",
		"redis://:" + secret + "@127.0.0.1:-1", "redis://:" + secret + "@h1:1,h2:2", "redis://h1,h2/0",
		"redis://:" + secret + "@127.0.0.1/x", "redis://127.0.0.1/-1", "redis://127.0.0.1/0/1", "redis://127.0.0.1?db=-1",
		"redis://:hunter#2@127.0.0.1", "redis://:hunter/2" + secret + "@127.0.0.1", "redis://:%zz" + secret + "@127.0.0.1",
		"redis://127.0.0.1?" + secret + "=1", "redis://127.0.0.1?read_timeout=" + secret, "redis://127.0.0.1/0#" + secret,
		"redis://:" + secret + " @127.0.0.1", "redis://127.0.0.1\n",
		"unix://", "unix://host/path", "unix:relative", "unix:///sock?db=x", "unix:///sock#" + secret,
		"redis://127.0.0.1?pool_size=-1", "redis://127.0.0.1?pool_size=99999999",
	} {
		_, err := counterredis.Open(t.Context(), text, counterredis.Options{})
		if !errors.Is(err, counterredis.ErrURL) || !strings.Contains(err.Error(), "redis://user:password@host:6379/0") {
			t.Errorf("%q: %v; want ErrURL and the form", text, err)
			continue
		}
		if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error shows it: %v", text, err)
		}
	}
}

func TestOpenLogsIn(t *testing.T) {
	const password = "p@ss/w:rd#%?"
	server := redistest.Start(t, "--requirepass", password)
	login := "redis://:" + url.QueryEscape(password) + "@" + server.Addr()
	store := open(t, login+"/3?pool_size=2&read_timeout=5s", counterredis.Options{})
	if got, err := counter.Inc(t.Context(), store, "a"); err != nil || got != 1 {
		t.Errorf("Inc = %d, %v; want 1", got, err)
	}
	if got, want := store.String(), "redis "+server.Addr()+"/3"; got != want {
		t.Errorf("String() = %q; want %q", got, want)
	}
}

func TestOpenThroughASocket(t *testing.T) {
	socket := t.TempDir() + "/redis.sock"
	redistest.Start(t, "--unixsocket", socket)
	store := open(t, "unix://"+socket+"?db=2", counterredis.Options{})
	if err := store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if got, want := store.String(), "redis "+socket+"/2"; got != want {
		t.Errorf("String() = %q; want %q", got, want)
	}
}

func TestOpenIsRefusedTheLogin(t *testing.T) {
	const secret = "hunter2"
	locked := redistest.Start(t, "--requirepass", "right")
	free := redistest.Start(t)
	for name, text := range map[string]string{
		"wrong password":      "redis://:" + secret + "@" + locked.Addr(),
		"no password":         locked.URL(),
		"unknown user":        "redis://" + secret + ":right@" + locked.Addr(),
		"no password is set":  "redis://:" + secret + "@" + free.Addr(),
		"no such database":    free.URL() + "/99",
		"no such database, ?": free.URL() + "?db=99",
	} {
		_, err := counterredis.Open(t.Context(), text, counterredis.Options{})
		if name == "no password is set" && err == nil {
			continue // Redis 6 and newer let the default user in with any password
		}
		if !errors.Is(err, counterredis.ErrRefused) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v; want ErrRefused, and no login in it", name, err)
		}
	}
}

// A server that is away when the store is opened is used once it is there.
func TestOpenBeforeTheServer(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	store := open(t, server.URL(), counterredis.Options{})
	if err := store.Ping(t.Context()); err == nil {
		t.Error("Ping: nil")
	}
	server.Restart()
	if got, err := counter.Inc(t.Context(), store, "a"); err != nil || got != 1 {
		t.Errorf("Inc = %d, %v; want 1", got, err)
	}
}

// A server that does not answer holds a call no longer than the timeouts of the
// store, whatever the context allows.
func TestOpenWaitsNotForEver(t *testing.T) {
	server := redistest.Start(t)
	server.Stop()
	defer server.Continue()
	store := open(t, server.URL(), counterredis.Options{})
	start := time.Now()
	if err := store.Ping(context.WithoutCancel(t.Context())); err == nil {
		t.Error("Ping: nil")
	}
	if took := time.Since(start); took > 30*time.Second { // a second or two, and a slow machine
		t.Errorf("Ping took %s", took)
	}
}
