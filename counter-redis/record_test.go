package counterredis_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestRecord(t *testing.T) {
	const key = "{p:a}:%7Bw%7D"
	client := redistest.Start(t).Client()
	store := newStore(t, client, counterredis.Options{Prefix: "p:", RecordExpiry: 10 * time.Hour})
	do(t, client, "set", "p:a", -10)
	apply := func(delta, sum, total int64) {
		t.Helper()
		result := store.Apply(t.Context(), []counter.Batch{{Name: "a", Writer: "{w}", Delta: delta, Sum: sum}})[0]
		if result.Err != nil || result.Total != total {
			t.Fatalf("Apply = %+v; want the total %d", result, total)
		}
	}
	wantRecord := func(want string) {
		t.Helper()
		if keys := records(t, client); !slices.Equal(keys, []string{key}) {
			t.Errorf("the records are %q; want %q", keys, key)
		}
		if got := client.Get(t.Context(), key).Val(); got != want {
			t.Errorf("the record is %q; want %q", got, want)
		}
		ttl := client.PTTL(t.Context(), key).Val()
		if ttl <= 5*time.Hour || ttl > 10*time.Hour {
			t.Errorf("the record expires in %v; want ten hours", ttl)
		}
		do(t, client, "expire", key, 3600) // to see it set again
	}
	apply(3, 3, -7)
	wantRecord("3:-7")
	apply(10, 13, 3)
	wantRecord("13:3")
	apply(10, 13, 3)
	wantRecord("13:3")
	apply(0, 20, 10)
	wantRecord("20:10")
	do(t, client, "set", "p:a", "9223372036854775807")
	overflows := counter.Batch{Name: "a", Writer: "{w}", Delta: 1, Sum: 21}
	if err := store.Apply(t.Context(), []counter.Batch{overflows})[0].Err; !errors.Is(err, counter.ErrOverflow) {
		t.Errorf("Apply: %v; want %v", err, counter.ErrOverflow)
	}
	if got := client.Get(t.Context(), key).Val(); got != "20:10" {
		t.Errorf("after a refused batch the record is %q; want it as it was", got)
	}
}

// What a batch must not do where its numbers are beyond doubles, or all zero.
func TestBatchesAtTheEdge(t *testing.T) {
	client, store := startStore(t)
	for _, test := range []struct {
		name          string
		value, record any // nil: not there
		delta, sum    int64
		want          error
	}{
		{"ahead by one beyond 2^53", 1, "9007199254740993:1", 0, counter.MaxSum, counter.ErrStale},
		{"first and beyond, late", 1, "1:1", math.MaxInt64, math.MaxInt64, counter.ErrStale},
		{"nothing to a text", "x", nil, 0, 7, counter.ErrType},
		{"nothing to a text, again", "x", "7:1", 0, 8, counter.ErrType},
		{"nothing to nothing", nil, nil, 0, 7, nil},
		{"nothing to nothing, again", nil, "7:0", 0, 7, nil},
	} {
		do(t, client, "flushall")
		for key, value := range map[string]any{"a": test.value, "{a}:w": test.record} {
			if value != nil {
				do(t, client, "set", key, value)
			}
		}
		before := client.Get(t.Context(), "a").String()
		batch := counter.Batch{Name: "a", Writer: "w", Delta: test.delta, Sum: test.sum}
		if got := store.Apply(t.Context(), []counter.Batch{batch})[0].Err; !errors.Is(got, test.want) {
			t.Errorf("%s: %v; want %v", test.name, got, test.want)
		}
		if after := client.Get(t.Context(), "a").String(); after != before {
			t.Errorf("%s: %s; it was %s", test.name, after, before)
		}
	}
}

// A replica may not have what its master has counted since.
func TestReplicaAnswersNoRepeat(t *testing.T) {
	client, store := startStore(t)
	if err := applyOne(t.Context(), store, "a"); err != nil {
		t.Fatal(err)
	}
	do(t, client, "replicaof", "127.0.0.1", 1)
	wantRefusal(t, "Apply", applyOne(t.Context(), store, "a"), nil, "READONLY")
}

func TestMalformedRecord(t *testing.T) {
	client, store := startStore(t)
	refused := func(what string) {
		t.Helper()
		if err := applyOne(t.Context(), store, "a"); !errors.Is(err, counter.ErrRecord) {
			t.Errorf("%s: %v; want %v", what, err, counter.ErrRecord)
		}
		wantGet(t, store, "a", 0)
	}
	for _, text := range []string{"", ":", "1", "1:", ":1", "x:1", "1:x", "-1:1", "1:--1", "1:1:1", " 1:1", "1:1\n", "1.0:1", "1:1.5", "1e3:1", "0x1:1"} {
		do(t, client, "set", "{a}:w", text)
		refused(text)
	}
	do(t, client, "del", "{a}:w")
	do(t, client, "rpush", "{a}:w", "1:1")
	refused("a list")
}

// Lua counts in doubles, which are exact below 2^53: beyond it, too, no total is
// off by one, nor what is recorded of it.
func TestTotalsAreExact(t *testing.T) {
	client := redistest.Start(t, "--appendonly", "no").Client()
	store := newStore(t, client, counterredis.Options{})
	for _, edge := range []int64{-counter.MaxSum, 0, counter.MaxSum} {
		for value := edge - 2; value <= edge+2; value++ {
			for _, delta := range []int64{0, 1, 2, counter.MaxSum - 1, counter.MaxSum, counter.MaxSum + 1, counter.MaxSum + 3, 2*counter.MaxSum - 1} {
				do(t, client, "set", "a", value)
				do(t, client, "del", "{a}:w")
				want := counter.Result{Total: value + delta}
				for range 2 {
					batch := counter.Batch{Name: "a", Writer: "w", Delta: delta, Sum: delta}
					if got := store.Apply(t.Context(), []counter.Batch{batch})[0]; got != want {
						t.Errorf("%d and %d are %+v; want %+v", value, delta, got, want)
					}
				}
				wantGet(t, store, "a", value+delta)
			}
		}
	}
}

// The record of a counter is in the counter's slot, whatever their names hold.
func TestRecordSlot(t *testing.T) {
	plain := redistest.Start(t).Client()
	cluster := redistest.Start(t, "--cluster-enabled", "yes").Client()
	slot := func(key string) int64 {
		slot, err := cluster.ClusterKeySlot(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		return slot
	}
	for _, prefix := range []string{"", "{p}", "}{"} {
		store := newStore(t, plain, counterredis.Options{Prefix: prefix})
		for _, name := range []string{"a", "{a}", "a{b}c", "{}", "}", "{", "}a{b}", "名前", "%7B", "a:b"} {
			do(t, plain, "flushall")
			if err := applyOne(t.Context(), store, name); err != nil {
				t.Fatal(err)
			}
			keys, err := plain.Keys(t.Context(), "*").Result()
			if err != nil || len(keys) != 2 || slot(keys[0]) != slot(keys[1]) {
				t.Errorf("the keys are %q, %v; want two of one slot", keys, err)
			}
		}
	}
}

func TestRecordExpiry(t *testing.T) {
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	for given, want := range map[time.Duration]time.Duration{
		0: time.Hour, time.Second: time.Second, time.Second + time.Microsecond: time.Second, 36 * time.Hour: 36 * time.Hour,
	} {
		if got := newStore(t, client, counterredis.Options{RecordExpiry: given}).Retention(); got != want {
			t.Errorf("Retention with a RecordExpiry of %v is %v; want %v", given, got, want)
		}
	}
	for _, given := range []time.Duration{-time.Hour, -1, 1, time.Second - 1} {
		opts := counterredis.Options{RecordExpiry: given}
		_, newErr := counterredis.New(client, opts)
		_, openErr := counterredis.Open(t.Context(), "redis://127.0.0.1:1", opts)
		for call, err := range map[string]error{"New": newErr, "Open": openErr} {
			if err == nil || !strings.Contains(err.Error(), "RecordExpiry") {
				t.Errorf("%s with a RecordExpiry of %v: %v; want an error", call, given, err)
			}
		}
	}
}
