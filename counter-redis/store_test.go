package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// patient is for the suites, which no slow machine may fail.
const patient = "?dial_timeout=1m&read_timeout=1m&write_timeout=1m&pool_timeout=1m"

func TestStore(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "no")
	client := server.Client()
	countertest.Run(t, func(t *testing.T) counter.Store {
		t.Helper()
		do(t, client, "flushall")
		return open(t, server.URL()+patient)
	})
}

func TestStoreWithPrefix(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	client := server.Client()
	stores := 0
	countertest.Run(t, func(t *testing.T) counter.Store {
		t.Helper()
		stores++
		// What surrounds the store's keys, and what its prefix would match as a glob.
		do(t, client, "mset", "a", "7", "{p}[%]*1", "7", "q", "text")
		prefix := fmt.Sprintf("{p}[%%]*%d?", stores)
		return newStore(t, server.Client(), counterredis.Options{Prefix: prefix})
	})
	if got := client.Get(t.Context(), "a").Val(); got != "7" {
		t.Errorf("the key a outside of the prefix holds %q; want what it held", got)
	}
}

func TestBackend(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "no")
	open := func(t *testing.T) countertest.Fixture {
		t.Helper()
		store := openWith(t, server.URL()+patient, counterredis.Options{Prefix: "{p}*"})
		return stallable(fixture(t, store, server.Client()), server)
	}
	countertest.RunBackend(t, open)
	countertest.RunHistorian(t, open)
	countertest.RunMover(t, open)
}

// Where counters are in different slots, a Move may end between two steps.
func TestMoverInSteps(t *testing.T) {
	t.Parallel()
	client := startServer(t, true)
	countertest.RunMover(t, func(t *testing.T) countertest.Fixture {
		t.Helper()
		death := &dying{}
		f := fixture(t, borrow(t, redis.NewClient(client.Options()), hook(death.send)), client)
		f.Interrupt = death.interrupt
		return f
	})
}

// fixture wipes the servers and returns what the suite needs of them.
func fixture(t *testing.T, store counter.Backend, servers ...*redis.Client) countertest.Fixture {
	t.Helper()
	wipe := func(t *testing.T) {
		t.Helper()
		for _, server := range servers {
			do(t, server, "flushall")
		}
	}
	expire := func(pattern string) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			for _, server := range servers {
				for _, key := range keys(t, server, pattern) {
					do(t, server, "pexpire", key, 0)
				}
			}
		}
	}
	wipe(t)
	return countertest.Fixture{Store: store, Wipe: wipe, Expire: expire("{*}:*"), ExpireHours: expire("{*}????-??-??")}
}

// stallable is the fixture of a server that may be stopped.
func stallable(f countertest.Fixture, server *redistest.Server) countertest.Fixture {
	f.Stall = func(*testing.T) func() {
		server.Stop()
		return server.Continue
	}
	return f
}

func TestStoresShareCounters(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	const callers, each = 8, 50
	values := make([][]int64, callers)
	stores := [2]counter.Store{open(t, server.URL()+patient), open(t, server.URL()+patient)}
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for range each {
				value, err := counter.Inc(t.Context(), stores[c%2], "shared")
				if err != nil {
					t.Errorf("Inc: %v", err)
					return
				}
				values[c] = append(values[c], value)
			}
		})
	}
	wg.Wait()
	all := slices.Sorted(slices.Values(slices.Concat(values...)))
	for i, value := range all {
		if value != int64(i+1) {
			t.Fatalf("value %d of all returned, sorted, is %d; want each from 1 on once", i+1, value)
		}
	}
	wantGet(t, stores[0], "shared", callers*each)
}

func TestCounterOfAnotherProgram(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	store := open(t, server.URL())
	do(t, client, "set", "counter_key", 41)
	wantGet(t, store, "counter_key", 41)
	wantAdd(t, store, "counter_key", 42)
	do(t, client, "incr", "counter_key")
	wantAdd(t, store, "counter_key", 44)
	if got, err := client.Get(t.Context(), "counter_key").Result(); err != nil || got != "44" {
		t.Errorf("GET counter_key is %q, %v; want 44", got, err)
	}
}

func TestKeys(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	store := newStore(t, client, counterredis.Options{Prefix: "p:"})
	wantAdd(t, store, "{a}%", 1)
	if got, want := keys(t, client, "*"), []string{"p:%7Ba%7D%25"}; !slices.Equal(got, want) {
		t.Errorf("the keys are %q; want %q", got, want)
	}
}

func TestCountsSurviveRestart(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server.URL())
	wantAdd(t, store, "a", 1)
	wantAdd(t, store, "a", 2)
	server.Restart()
	wantAdd(t, store, "a", 3)
}

func TestCloseLeavesBorrowedClientOpen(t *testing.T) {
	client, store := startStore(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("the client after the store's Close: %v", err)
	}
}

func TestString(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "secret")
	store := open(t, strings.Replace(server.URL(), "//", "//:secret@", 1)+"/0?read_timeout=1s")
	if got, want := store.String(), "redis "+server.Addr()+"/0"; got != want {
		t.Errorf("String is %q; want %q", got, want)
	}
	if got, want := open(t, "unix://user:secret@/no/such.sock?db=2").String(), "redis /no/such.sock/2"; got != want {
		t.Errorf("String is %q; want %q", got, want)
	}
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}, Password: "secret"})
	if got := borrow(t, cluster).String(); got != "redis" {
		t.Errorf("String is %q; want redis", got)
	}
}

func TestEndedContextSendsNothing(t *testing.T) {
	addr, answered := answer(t, "-ERR value is not an integer or out of range")
	store := open(t, "redis://"+addr)
	before := answered.Load() // that of Open
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, addErr := store.Add(ctx, "a", 1)
	for call, err := range map[string]error{"Add": addErr, "Set": store.Set(ctx, "a", 1), "Ping": store.Ping(ctx), "Apply": applyOne(ctx, store, "a")} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, counter.ErrUnknown) {
			t.Errorf("%s with an ended context: %v; want %v alone", call, err, context.Canceled)
		}
	}
	if got := answered.Load() - before; got != 0 {
		t.Errorf("%d commands were sent; want none", got)
	}
}
