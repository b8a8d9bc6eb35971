package counterredis_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// A counter in use that expires is found, however it is used, and mended as the warning
// says.
func TestWarningsOfExpiry(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	for name, use := range map[string]func(context.Context, *counterredis.Store, string) error{
		"Add": func(ctx context.Context, s *counterredis.Store, name string) error {
			_, err := s.Add(ctx, name, 1)
			return err
		},
		"Get": func(ctx context.Context, s *counterredis.Store, name string) error {
			_, err := s.Get(ctx, name)
			return err
		},
		"Apply": func(ctx context.Context, s *counterredis.Store, name string) error { return applyOne(ctx, s, name) },
	} {
		t.Run(name, func(t *testing.T) {
			do(t, client, "flushall")
			store := openWith(t, server.URL()+patient, counterredis.Options{Prefix: "views:"})
			do(t, client, "set", "views:a", 41, "ex", 1000)
			do(t, client, "set", "views:unused", 41, "ex", 1000)
			wantWarnings(t, store)
			if err := use(t.Context(), store, "a"); err != nil {
				t.Fatal(err)
			}
			wantWarnings(t, store, "the key views:a expires: ")
			warnings, _ := store.Warnings(t.Context())
			if !strings.Contains(warnings[0], "Send PERSIST views:a.") {
				t.Errorf("%q; want it to say PERSIST views:a", warnings[0])
			}
			do(t, client, "persist", "views:a")
			wantWarnings(t, store)
			do(t, client, "expire", "views:a", 1000)
			wantWarnings(t, store, "the key views:a expires: ")
			do(t, client, "del", "views:a")
			wantWarnings(t, store)
		})
	}
}

// A counter that expires between two looks is reported all the same, once, if it existed when
// this program began to count.
func TestWarningsOfWhatHasExpired(t *testing.T) {
	for name, more := range map[string][]counter.Batch{"alone": nil, "in a shared call": manyBatches(1)} {
		t.Run(name, func(t *testing.T) { testWhatHasExpired(t, more) })
	}
}

// testWhatHasExpired sends more batches in each call.
func testWhatHasExpired(t *testing.T, more []counter.Batch) {
	t.Helper()
	server := redistest.Start(t)
	client := server.Client()
	store := open(t, server.URL()+patient)
	learn(t, store)
	do(t, client, "set", "saved", 41, "ex", 1000)
	wantApplied(t, store, []counter.Batch{{Name: "saved", Writer: "w", Delta: 1, Sum: 1}}, 42)
	do(t, client, "persist", "saved")
	for n := 0; ; n++ { // until it is counted before it is gone
		do(t, client, "set", "gone", 41, "px", 300)
		batch := counter.Batch{Name: "gone", Writer: fmt.Sprint(n), Delta: 1, Sum: 1}
		if result := store.Apply(t.Context(), slices.Concat([]counter.Batch{batch}, more))[0]; result.Err != nil {
			t.Fatal(result.Err)
		} else if result.Total == 42 {
			break
		}
	}
	for client.Exists(t.Context(), "gone").Val() > 0 {
		time.Sleep(time.Millisecond)
	}
	wantApplied(t, store, []counter.Batch{{Name: "gone", Writer: "later", Delta: 1, Sum: 1}}, 1)
	wantWarnings(t, store, "the key gone has expired: ")
	wantWarnings(t, store)
}

// Keys that can't be added to are named, with what they are.
func TestWarningsOfKeys(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	store := open(t, server.URL()+patient)
	for _, command := range [][]any{
		{"rpush", "list", "x"},
		{"set", "text", "x"},
		{"set", "huge", strings.Repeat("1", 1<<20)},
		{"set", "full", "9223372036854775806"},
		{"set", "fine", "-3"},
	} {
		do(t, client, command...)
	}
	for _, name := range []string{"list", "text", "huge", "full", "fine", "missing"} {
		_, _ = store.Add(t.Context(), name, 1) // most are refused
	}
	wantWarnings(t, store, "the key huge does not hold an integer: ", "the key text does not hold an integer: ", "the key list holds another type: ",
		"the key full is nearly full: ")
	for _, name := range []string{"list", "text", "huge", "full"} {
		if err := store.Set(t.Context(), name, 1); err != nil { // as they say
			t.Error(err)
		}
	}
	wantWarnings(t, store)
	odd := newStore(t, server.Client(), counterredis.Options{})
	wantAdd(t, odd, `a "b" c`, 1)
	do(t, client, "expire", `a "b" c`, 1000)
	wantWarnings(t, odd, `the key "a \"b\" c" expires: `)
}

// A few are named, and so are those of a Cluster, wherever they are.
func TestWarningsOfManyKeys(t *testing.T) {
	servers, store := startClusterStore(t)
	batches := manyBatches(40)
	wantApplied(t, store, batches, 1)
	wantWarnings(t, store)
	expire := func(names ...string) {
		for _, name := range names {
			do(t, serverOf(t, servers, name).Client(), "expire", name, 1000)
		}
	}
	expire("many:1", "many:20", "many:30", "many:31")
	wantWarnings(t, store, "the key many:1 expires: ", "the key many:20 expires: ", "the key many:30 expires: ", "the key many:31 expires: ")
	expire("many:32", "many:33", "many:34")
	wantWarnings(t, store, "the key many:1 expires: ", "the key many:20 expires: ", "the key many:30 expires: ", "the key many:31 expires: ",
		"the key many:32 expires: ", "there are more keys of which each expires")
}

// A look takes a bounded number of commands, and all counters get their turn.
func TestWarningsLookAtASample(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no", "--save", "60 1000000")
	client := server.Client()
	store := openWith(t, server.URL()+patient, counterredis.Options{WaitReplicas: 0})
	names := make([]string, 1500)
	for i := range names {
		names[i] = fmt.Sprint("n", i)
		do(t, client, "set", names[i], 1, "ex", 1000)
	}
	use := func(names []string) {
		t.Helper()
		var batches []counter.Batch
		for _, name := range names {
			batches = append(batches, counter.Batch{Name: name, Writer: "w", Delta: 0, Sum: 1})
		}
		for _, result := range store.Apply(t.Context(), batches) {
			if result.Err != nil {
				t.Fatal(result.Err)
			}
		}
	}
	use(names)
	do(t, client, "config", "resetstat")
	if _, err := store.Warnings(t.Context()); err != nil {
		t.Fatal(err)
	}
	if looked := calls(t, client, "pttl") - 2; looked != 3*1024 { // also of two keys of each history; the script asks, too, in its trial
		t.Errorf("a look asks for the expiry of %d keys; want those of 1024 counters", looked)
	}
	for _, name := range names {
		do(t, client, "persist", name)
	}
	do(t, client, "expire", "n1499", 1000)
	slices.Reverse(names)
	use(names)
	wantWarnings(t, store, "the key n1499 expires: ", "appendonly is no: ")
}

// Without permission to ask for the expiry, counting works all the same.
func TestWarningsWithoutPTTL(t *testing.T) {
	server := redistest.Start(t)
	setUser(t, server.Client(), "~*", "-@all", "+ping", "+get", "+set", "+del", "+incrby", "+eval", "+evalsha",
		"+hincrby", "+hdel", "+hget", "+hgetall", "+pexpireat")
	store := connect(t, &redis.Options{Addr: server.Addr(), Username: "limited", Password: "s3cret"})
	do(t, server.Client(), "set", "a", 1, "ex", 1000)
	if err := applyOne(t.Context(), store, "a"); err != nil {
		t.Fatal(err)
	}
	wantWarnings(t, store)
}

// So is a history that expires, or whose key holds something else.
func TestWarningsOfHistory(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	store := openWith(t, server.URL()+patient, counterredis.Options{Prefix: "views:"})
	now := time.Now()
	batch := counter.Batch{Name: "a", Writer: "w", Delta: 1, Sum: 1, Hour: counter.HistoryHour(now)}
	if err := store.Apply(t.Context(), []counter.Batch{batch})[0].Err; err != nil {
		t.Fatal(err)
	}
	wantWarnings(t, store)
	do(t, client, "expire", "{views:a}months", 1000)
	wantWarnings(t, store, "the key {views:a}months expires: ")
	do(t, client, "persist", "{views:a}months")
	wantWarnings(t, store)
	month := "{views:a}" + now.UTC().Format("2006-01")
	do(t, client, "del", month)
	do(t, client, "set", month, "something else")
	wantWarnings(t, store, "the key "+month+" holds another type: ")
	do(t, client, "del", month)
	wantWarnings(t, store)
}
