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

func set(t *testing.T, store counter.Store, name string, value int64) {
	t.Helper()
	if err := store.Set(t.Context(), name, value); err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, store *counterredis.Store, from, to string) {
	t.Helper()
	if err := store.Move(t.Context(), from, to); err != nil {
		t.Fatal(err)
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

// startStore starts a server that keeps nothing on disk, and returns a client of it with a store over that.
func startStore(t *testing.T) (*redis.Client, *counterredis.Store) {
	t.Helper()
	client := redistest.Start(t, "--appendonly", "no").Client()
	return client, newStore(t, client, counterredis.Options{})
}

// borrow returns a store over a client that is closed with the test, and whose commands go
// through the hooks.
func borrow(t *testing.T, client redis.UniversalClient, hooks ...redis.Hook) *counterredis.Store {
	t.Helper()
	t.Cleanup(func() { _ = client.Close() })
	for _, hook := range hooks {
		client.AddHook(hook)
	}
	return newStore(t, client, counterredis.Options{})
}

// connect returns a store over a client with the options that never repeats a command.
func connect(t *testing.T, opts *redis.Options) *counterredis.Store {
	t.Helper()
	opts.MaxRetries = -1
	opts.DisableIdentity = true
	return borrow(t, redis.NewClient(opts))
}

// hook sends a command of a client. Those in a pipeline do not go through it.
type hook func(ctx context.Context, cmd redis.Cmder, send redis.ProcessHook) error

func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return h(ctx, cmd, next) }
}

// after does something after each command.
func after(do func()) hook {
	return func(ctx context.Context, cmd redis.Cmder, send redis.ProcessHook) error {
		err := send(ctx, cmd)
		do()
		return err
	}
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
	return keys(t, client, "{*}:*")
}

// braced returns the keys of all that belongs to counters: records, histories and more.
func braced(t *testing.T, client *redis.Client) []string {
	t.Helper()
	return keys(t, client, "{*")
}

// keys returns the keys that match the pattern.
func keys(t *testing.T, client *redis.Client, pattern string) []string {
	t.Helper()
	keys, err := client.Keys(t.Context(), pattern).Result()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
