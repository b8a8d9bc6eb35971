package counterredis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// open returns a store at the URL with the default options, closed with the test.
func open(t *testing.T, url string) *counterredis.Store {
	t.Helper()
	return openWith(t, url, counterredis.Options{})
}

func openWith(t *testing.T, url string, opts counterredis.Options) *counterredis.Store {
	t.Helper()
	store, err := counterredis.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}

// do sends one command that must succeed.
func do(t *testing.T, client *redis.Client, args ...any) {
	t.Helper()
	if err := client.Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

func wantAdd(t *testing.T, store counter.Store, name string, want int64) {
	t.Helper()
	if got, err := counter.Inc(t.Context(), store, name); err != nil || got != want {
		t.Fatalf("Inc(%q) = %d, %v; want %d", name, got, err, want)
	}
}

func wantGet(t *testing.T, store counter.Store, name string, want int64) {
	t.Helper()
	if got, err := store.Get(t.Context(), name); err != nil || got != want {
		t.Fatalf("Get(%q) = %d, %v; want %d", name, got, err, want)
	}
}

// wantApplied applies batches that must all succeed, with the same total.
func wantApplied(t *testing.T, store *counterredis.Store, batches []counter.Batch, total int64) {
	t.Helper()
	for i, result := range store.Apply(t.Context(), batches) {
		if result.Err != nil || result.Total != total {
			t.Fatalf("%q: %+v; want the total %d", batches[i].Name, result, total)
		}
	}
}

// newStore returns a store over a client that stays the test's.
func newStore(tb testing.TB, client redis.UniversalClient, opts counterredis.Options) *counterredis.Store {
	tb.Helper()
	store, err := counterredis.New(client, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

// connect returns a store over a client with the options that never repeats a
// command, closed with the test.
func connect(t *testing.T, opts *redis.Options) *counterredis.Store {
	t.Helper()
	opts.MaxRetries = -1
	opts.DisableIdentity = true
	client := redis.NewClient(opts)
	t.Cleanup(func() { _ = client.Close() })
	return newStore(t, client, counterredis.Options{})
}

// withLogin returns the server's URL with user:password.
func withLogin(server *redistest.Server, login string) string {
	return strings.Replace(server.URL(), "//", "//"+login+"@", 1)
}

// applyOne applies a first batch of 1 and returns its error.
func applyOne(ctx context.Context, store counter.Backend, name string) error {
	return store.Apply(ctx, []counter.Batch{{Name: name, Writer: "w", Delta: 1, Sum: 1}})[0].Err
}

// calls returns how often the server was sent the command; what it refused counts.
func calls(t *testing.T, client *redis.Client, command string) int {
	t.Helper()
	stats, err := client.InfoMap(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	text, ok := stats["Commandstats"]["cmdstat_"+command]
	if !ok {
		return 0
	}
	var n int
	if _, err := fmt.Sscanf(text, "calls=%d,", &n); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// records returns the keys of the writers' records.
func records(t *testing.T, client *redis.Client) []string {
	t.Helper()
	keys, err := client.Keys(t.Context(), "{*}:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// braced returns the keys of all that belongs to counters: records, histories and more.
func braced(t *testing.T, client *redis.Client) []string {
	t.Helper()
	keys, err := client.Keys(t.Context(), "{*").Result()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
