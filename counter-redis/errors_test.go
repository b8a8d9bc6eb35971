package counterredis_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// What a real server says for each way to refuse an addition: whether that
// proves that nothing happened.
func TestAddErrors(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	admin := server.Client()
	command := func(args ...any) {
		t.Helper()
		if err := admin.Do(t.Context(), args...).Err(); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	command("rpush", "list", "x")
	command("set", "text", "x")
	command("set", "full", "9223372036854775807")
	command("acl", "setuser", "reader", "on", ">secret", "~*", "+@read", "+ping")

	for _, test := range []struct {
		name, counter string
		user          string
		before, after []any
		want          error  // nil: none of the contract's
		text          string // that the error shows
	}{
		{name: "another type", counter: "list", want: counter.ErrType, text: `"list"`},
		{name: "no integer", counter: "text", want: counter.ErrType, text: `"text"`},
		{name: "overflow", counter: "full", want: counter.ErrOverflow, text: `"full"`},
		{name: "no permission", counter: "a", user: "reader:secret@", text: "NOPERM"},
		{
			name: "out of memory", counter: "a", text: "OOM",
			before: []any{"config", "set", "maxmemory", "1"}, after: []any{"config", "set", "maxmemory", "0"},
		},
		{
			name: "a replica", counter: "a", text: "READONLY",
			before: []any{"replicaof", "127.0.0.1", "1"}, after: []any{"replicaof", "no", "one"},
		},
		{
			name: "too few replicas", counter: "a", text: "NOREPLICAS",
			before: []any{"config", "set", "min-replicas-to-write", "1"}, after: []any{"config", "set", "min-replicas-to-write", "0"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := open(t, "redis://"+test.user+server.Addr(), counterredis.Options{})
			if test.before != nil {
				command(test.before...)
				defer command(test.after...)
			}
			_, err := counter.Inc(t.Context(), store, test.counter)
			if err == nil || errors.Is(err, counter.ErrUnknown) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v; want an error with %q that is not ErrUnknown", err, test.text)
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%v; want %v", err, test.want)
			}
		})
	}
	for _, name := range []string{"list", "text"} {
		if _, err := open(t, server.URL(), counterredis.Options{}).Get(t.Context(), name); !errors.Is(err, counter.ErrType) {
			t.Errorf("Get(%q): %v; want ErrType", name, err)
		}
	}
}

func TestAddToAServerThatIsGone(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server.URL(), counterredis.Options{})
	server.Kill()
	// The first call may find a connection that was cut; then there is none.
	for range 2 {
		if _, err := counter.Inc(t.Context(), store, "a"); err == nil {
			t.Fatal("Inc: nil")
		}
	}
	if _, err := counter.Inc(t.Context(), store, "a"); err == nil || errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Inc: %v; a refused connection proves that nothing happened", err)
	}
}

func TestAddToAServerThatHangs(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	defer client.Close()
	store := counterredis.New(client, counterredis.Options{})
	if _, err := counter.Inc(t.Context(), store, "a"); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := counter.Inc(ctx, store, "a")
	if !errors.Is(err, counter.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Inc: %v; want ErrUnknown and DeadlineExceeded", err)
	}
	server.Continue()
	// It was sent, so it counts in the end; and once.
	for {
		got, err := store.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if got == 2 {
			break
		}
	}
	if got, err := counter.Inc(t.Context(), store, "a"); err != nil || got != 3 {
		t.Errorf("Inc = %d, %v; want 3", got, err)
	}
}

func TestClosedClient(t *testing.T) {
	client := redistest.Start(t).Client()
	store := counterredis.New(client, counterredis.Options{})
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := counter.Inc(t.Context(), store, "a"); !errors.Is(err, counter.ErrClosed) {
		t.Errorf("Inc: %v; want ErrClosed", err)
	}
	if _, err := store.Get(t.Context(), "a"); !errors.Is(err, counter.ErrClosed) {
		t.Errorf("Get: %v; want ErrClosed", err)
	}
}
