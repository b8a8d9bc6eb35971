package store_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/store"
	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestOpenChooses(t *testing.T) {
	redis := redistest.Start(t)
	file := filepath.Join(t.TempDir(), "counts.db")
	for name, cfg := range map[string]config.Config{
		"memory":                       {},
		"file " + file:                 {DataFile: file},
		"redis " + redis.Addr() + "/3": {RedisURL: redis.URL() + "/3", RedisPoolSize: 1},
	} {
		opened, err := store.Open(t.Context(), cfg, zaptest.NewLogger(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := opened.Health.Report(t.Context()).Name; got != name {
			t.Errorf("%+v opens %q; want %q", cfg, got, name)
		}
		if got, err := counter.Inc(t.Context(), opened.Store, "a"); err != nil || got != 1 {
			t.Errorf("Inc = %d, %v; want 1", got, err)
		}
		if err := opened.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenRefusesNamingTheVariable(t *testing.T) {
	locked := redistest.Start(t, "--requirepass", "right")
	for url, want := range map[string]error{
		"http://:hunter2@127.0.0.1":         counterredis.ErrURL,
		"redis://:hunter2@" + locked.Addr(): counterredis.ErrRefused,
	} {
		_, err := store.Open(t.Context(), config.Config{RedisURL: url}, zap.NewNop())
		if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "REDIS_URL: ") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v; want one that names REDIS_URL, is %v and hides the password", err, want)
		}
	}
}
