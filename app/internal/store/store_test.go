package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

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

// HISTORY and HISTORY_HOURS reach the store.
func TestHistory(t *testing.T) {
	redis := redistest.Start(t)
	hour := counter.HourOf(time.Now())
	long := hour.Day() - 2*counter.DayHours
	past := []counter.Bucket{{Start: long, Hours: 1, Count: 5}}
	for name, cfg := range map[string]config.Config{
		"memory": {},
		"file":   {DataFile: filepath.Join(t.TempDir(), "counts.db")},
		"redis":  {RedisURL: redis.URL(), RedisPoolSize: 1},
	} {
		for _, on := range []bool{true, false} {
			cfg.History, cfg.HistoryHours = on, 1
			opened, err := store.Open(t.Context(), cfg, zaptest.NewLogger(t))
			if err != nil {
				t.Fatal(err)
			}
			historian, ok := counter.As[counter.Historian](opened.Store)
			if !ok {
				t.Fatalf("%s has no history", name)
			}
			counted := fmt.Sprint("counted:", on)
			if _, err := counter.Inc(t.Context(), opened.Store, counted); err != nil {
				t.Fatal(err)
			}
			var got int64
			for b, err := range historian.History(t.Context(), counted, hour, hour+1) {
				if err != nil {
					t.Fatal(err)
				}
				got += b.Count
			}
			if (got == 1) != on {
				t.Errorf("%s, HISTORY on: %t: %d counted; want them only if it is", name, on, got)
			}
			if err := historian.SetHistory(t.Context(), "past", past); err != nil {
				t.Fatal(err)
			}
			for b, err := range historian.History(t.Context(), "past", 0, counter.MaxHour) {
				if want := (counter.Bucket{Start: long, Hours: counter.DayHours, Count: 5}); b != want || err != nil {
					t.Errorf("%s: %+v, %v; want %+v, because HISTORY_HOURS is 1", name, b, err, want)
				}
			}
			if err := opened.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
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

// A Redis user of before there were histories is told what to permit, or to do without.
func TestOpenWithoutKeysOfHistories(t *testing.T) {
	redis := redistest.Start(t)
	for _, rules := range [][]any{{"~counter_key", "~{counter_key}:*"}, {"~counter_key", "~{counter_key}*", "~views:*", "~{views:*}:*"}, {"~site:*", "~{site:*}:*"}} {
		words := append([]any{"acl", "setuser", "counter", "reset", "on", ">s3cret", "+@all"}, rules...)
		if err := redis.Client().Do(t.Context(), words...).Err(); err != nil {
			t.Fatal(err)
		}
		cfg := config.Config{RedisURL: "redis://counter:s3cret@" + redis.Addr(), History: true}
		opened, err := store.Open(t.Context(), cfg, zap.NewNop())
		if err == nil {
			_ = opened.Shutdown(t.Context())
			t.Errorf("with %q it opens", rules)
			continue
		}
		for _, want := range []string{"REDIS_URL", "months", "permit it ~{", "HISTORY=off", "docs/reliability.md"} {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("with %q: %v; want it to say %q", rules, err, want)
			}
		}
		cfg.History = false
		if opened, err = store.Open(t.Context(), cfg, zap.NewNop()); err != nil {
			t.Errorf("with %q and without a history: %v", rules, err)
			continue
		}
		if err := opened.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// PAGE_WAIT is how long a view waits for its number, whatever the context of its request.
func TestPageWait(t *testing.T) {
	redis := redistest.Start(t)
	line := redistest.StartProxy(t, redis.Addr())
	for name, test := range map[string]struct {
		wait     time.Duration
		patience time.Duration // of the request; 0: without end
	}{
		"short": {wait: time.Millisecond},
		"long":  {wait: time.Hour, patience: time.Second}, // longer than the default
	} {
		t.Run(name, func(t *testing.T) {
			line.SetFaults(redistest.Faults{})
			opened, err := store.Open(t.Context(), config.Config{RedisURL: "redis://" + line.Addr(), RedisPoolSize: 1, PageWait: test.wait}, zap.NewNop())
			if err != nil {
				t.Fatal(err)
			}
			line.SetFaults(redistest.Faults{LoseReplies: 1})
			ctx := context.Background() //nolint:usetesting // it must have no end
			if test.patience > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, test.patience)
				defer cancel()
			}
			_, err = counter.Inc(ctx, opened.Store, name)
			if !errors.Is(err, counter.ErrPending) || errors.Is(err, context.DeadlineExceeded) != (test.patience > 0) {
				t.Errorf("Inc: %v; want that it is pending, with the request's deadline: %t", err, test.patience > 0)
			}
			line.SetFaults(redistest.Faults{})
			if err := opened.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A counter that is lower than it was, because Redis was emptied, is told in the log and on the
// admin site.
func TestCounterThatGoesBack(t *testing.T) {
	redis := redistest.Start(t)
	core, logs := observer.New(zap.WarnLevel)
	opened, err := store.Open(t.Context(), config.Config{RedisURL: redis.URL(), RedisPoolSize: 1, PageWait: time.Minute}, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Store.Set(t.Context(), "a", 41); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{42, 1, 2} {
		if want == 1 {
			if err := redis.Client().FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := counter.Inc(t.Context(), opened.Store, "a"); got != want || err != nil {
			t.Fatalf("Inc = %d, %v; want %d", got, err, want)
		}
	}
	if err := opened.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := logs.FilterMessageSnippet("has gone back").FilterField(zap.Int64("additions", 42)).Len(); got != 1 {
		t.Errorf("%d lines say that the counter has gone back by 42; want one", got)
	}
	if got := opened.Health.Warnings(); len(got) != 1 || !strings.Contains(got[0], `"a" has gone back`) {
		t.Errorf("warnings %q; want that the counter has gone back", got)
	}
}
