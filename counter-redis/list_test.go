package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestListLeavesOutOtherKeys(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	do(t, client, "mset", "a", 1, "%7Ba%7D", 2, "zero", 0)
	do(t, client, "mset", "text", "x", "decimal", "1.0", "padded", "01", "plus", "+1", "spaced", " 1", "empty", "",
		"big", "9223372036854775808", "minus zero", "-0")
	do(t, client, "mset", "{a}", 1, "{w}:a", 1, "100%", 1, "%7b", 1, "a\nb", 1, "\xff", 1,
		strings.Repeat("x", counter.MaxNameLen+1), 1)
	do(t, client, "rpush", "list", 1)
	do(t, client, "hset", "hash", "field", 1)
	do(t, client, "sadd", "set", 1)
	wantList(t, newStore(t, client, counterredis.Options{}), map[string]int64{"a": 1, "{a}": 2})
}

// Add, Apply and Get refuse exactly those values that List skips.
func TestValuesThatAreCounters(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	store := newStore(t, client, counterredis.Options{})
	for value, is := range map[string]bool{
		"1": true, "-1": true, "9223372036854775806": true, "-9223372036854775808": true,
		"": false, "x": false, "1.0": false, "01": false, "-01": false, "+1": false, " 1": false, "1 ": false,
		"1\n": false, "-0": false, "-": false, "1e3": false, "0x1": false, "1_000": false, "9223372036854775808": false,
		"nan": false, "inf": false, "-inf": false, "9007199254740993": true, "-9007199254740993": true,
	} {
		do(t, client, "set", "a", value)
		got, err := store.Get(t.Context(), "a")
		if is != (err == nil) || is && fmt.Sprint(got) != value || !is && !errors.Is(err, counter.ErrType) {
			t.Errorf("Get of %q = %d, %v; want it to be a counter: %t", value, got, err, is)
		}
		if listed := len(list(t, store)); is != (listed == 1) {
			t.Errorf("List of %q yields %d counters; want it to be one: %t", value, listed, is)
		}
		do(t, client, "del", "{a}:w")
		if err := applyOne(t.Context(), store, "a"); is != (err == nil) || !is && !errors.Is(err, counter.ErrType) {
			t.Errorf("Apply to %q: %v; want it to be a counter: %t", value, err, is)
		}
		if left := client.Exists(t.Context(), "{a}:w").Val(); is != (left == 1) {
			t.Errorf("Apply to %q leaves %d records", value, left)
		}
		do(t, client, "set", "a", value)
		if _, err := store.Add(t.Context(), "a", 1); is != (err == nil) || !is && !errors.Is(err, counter.ErrType) {
			t.Errorf("Add to %q: %v; want it to be a counter: %t", value, err, is)
		}
	}
}

func TestListOfChangingKeys(t *testing.T) {
	server := redistest.Start(t)
	other := server.Client()
	for name, test := range map[string]struct {
		scanned func(context.Context, *redis.ScanCmd)
		want    map[string]int64
	}{
		"repeated": {
			func(_ context.Context, cmd *redis.ScanCmd) {
				keys, cursor := cmd.Val()
				cmd.SetVal(append(keys, keys...), cursor)
			},
			map[string]int64{"a": 1, "b": 2, "c": 3},
		},
		"removed": {
			func(ctx context.Context, _ *redis.ScanCmd) { other.Del(ctx, "a", "b") },
			map[string]int64{"c": 3},
		},
		"replaced": {
			func(ctx context.Context, _ *redis.ScanCmd) { other.Del(ctx, "b"); other.RPush(ctx, "b", 1) },
			map[string]int64{"a": 1, "c": 3},
		},
		"zeroed": {
			func(ctx context.Context, _ *redis.ScanCmd) { other.Set(ctx, "c", 0, 0) },
			map[string]int64{"a": 1, "b": 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, other, "flushall")
			do(t, other, "mset", "a", 1, "b", 2, "c", 3)
			wantList(t, borrow(t, server.Client(), afterScan(test.scanned)), test.want)
		})
	}
}

func TestListEndsWhenClosed(t *testing.T) {
	server := redistest.Start(t)
	store := newStore(t, server.Client(), counterredis.Options{})
	pipe := server.Client().Pipeline()
	for i := range 5000 { // several pages
		pipe.Set(t.Context(), fmt.Sprint(i), 1, 0)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range store.List(t.Context(), "") {
		if last != nil {
			t.Fatalf("List goes on after the error %v", last)
		}
		last = err
		_ = store.Close()
	}
	if !errors.Is(last, counter.ErrClosed) {
		t.Errorf("a listing whose store was closed ends with %v; want %v", last, counter.ErrClosed)
	}
}

// A pipeline whose connection fails at its login has no error on its commands.
func TestListWithFailingLogin(t *testing.T) {
	server := redistest.Start(t)
	other := server.Client()
	do(t, other, "config", "set", "requirepass", "old") // connections that are open stay logged in
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), Password: "old", Protocol: 2, DisableIdentity: true})
	store := borrow(t, client, afterScan(func(ctx context.Context, _ *redis.ScanCmd) {
		other.ConfigSet(ctx, "requirepass", "new")
		other.ClientKillByFilter(ctx, "type", "normal")
	}))
	set(t, store, "a", 1)
	for entry, err := range store.List(t.Context(), "") {
		if err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
			t.Fatalf("List yields %v, %v; want WRONGPASS", entry, err)
		}
		return
	}
	t.Error("List yields nothing; want WRONGPASS")
}

// afterScan does something after each SCAN of a client.
func afterScan(do func(context.Context, *redis.ScanCmd)) hook {
	return func(ctx context.Context, cmd redis.Cmder, send redis.ProcessHook) error {
		err := send(ctx, cmd)
		if scan, ok := cmd.(*redis.ScanCmd); ok {
			do(ctx, scan)
		}
		return err
	}
}

func list(t *testing.T, store counter.Store) map[string]int64 {
	t.Helper()
	entries := map[string]int64{}
	for entry, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if _, twice := entries[entry.Name]; twice {
			t.Errorf("List yields %q twice", entry.Name)
		}
		entries[entry.Name] = entry.Value
	}
	return entries
}

func wantList(t *testing.T, store counter.Store, want map[string]int64) {
	t.Helper()
	if got := list(t, store); !maps.Equal(got, want) {
		t.Errorf("List yields %v; want %v", got, want)
	}
}

// A user without MGET lists all the same.
func TestListWithoutMGet(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	setUser(t, admin, "~*", "+@all", "-mget")
	store := openWith(t, withLogin(server, "limited:s3cret"), counterredis.Options{})
	want := map[string]int64{}
	for i := range int64(1200) {
		name := fmt.Sprint("views:", i)
		do(t, admin, "set", name, i+1)
		want[name] = i + 1
	}
	do(t, admin, "set", "views:text", "text")
	do(t, admin, "rpush", "views:list", "1")
	for range 2 {
		wantList(t, store, want)
	}
	wantList(t, newStore(t, admin, counterredis.Options{}), want)
}
