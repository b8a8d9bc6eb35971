package counterredis_test

import (
	"cmp"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// Commands that a real server refuses or never sees change nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		args   []string                                                           // of the server
		before func(t *testing.T, server *redistest.Server, client *redis.Client) // brings the server there
		opts   func(opts *redis.Options)                                          // of the store's client
		hold   func(t *testing.T, server *redistest.Server, client *redis.Client) // acts on that client
		is     error                                                              // of package counter, if any
		text   string                                                             // in the errors
		script string                                                             // in those of Apply, if not the same
		setOK  bool                                                               // Set succeeds
	}{
		{
			name: "wrong type", is: counter.ErrType, text: `"a"`, setOK: true,
			before: command("rpush", "a", "x"),
		},
		{
			name: "no integer", is: counter.ErrType, text: `"a"`, setOK: true,
			before: command("set", "a", "x"),
		},
		{
			name: "overflow", is: counter.ErrOverflow, text: `"a"`, setOK: true,
			before: command("set", "a", int64(math.MaxInt64)),
		},
		{name: "READONLY", text: "READONLY", before: command("replicaof", "127.0.0.1", 1)},
		{name: "OOM", text: "OOM", before: command("config", "set", "maxmemory", 1)},
		{name: "NOREPLICAS", text: "NOREPLICAS", before: command("config", "set", "min-replicas-to-write", 1)},
		{name: "MISCONF", text: "MISCONF", before: failToSave},
		{name: "BUSY", text: "BUSY", before: runForever},
		{
			name: "LOADING", text: "LOADING", before: loadForever,
			args: []string{"--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024"},
		},
		{name: "CLUSTERDOWN", text: "CLUSTERDOWN", args: []string{"--cluster-enabled", "yes"}},
		{
			name: "NOPERM", text: "NOPERM", script: " run th", // each version words it otherwise
			before: command("acl", "setuser", "default", "-@write"),
		},
		{name: "NOAUTH", text: "NOAUTH", args: []string{"--requirepass", "other"}},
		{
			name: "WRONGPASS", text: "WRONGPASS", args: []string{"--requirepass", "other"},
			opts: func(opts *redis.Options) { opts.Password = "s3cret" },
		},
		{
			name: "database", text: "DB index is out of range",
			opts: func(opts *redis.Options) { opts.DB = 99 },
		},
		{
			name: "dial", text: "refused",
			hold: func(_ *testing.T, server *redistest.Server, _ *redis.Client) { server.Kill() },
		},
		{
			name: "pool timeout", text: redis.ErrPoolTimeout.Error(), hold: keepConnection,
			opts: func(opts *redis.Options) { opts.PoolSize, opts.PoolTimeout = 1, time.Millisecond },
		},
		{
			name: "pool exhausted", text: redis.ErrPoolExhausted.Error(), hold: keepConnection,
			opts: func(opts *redis.Options) { opts.PoolSize, opts.MaxActiveConns = 2, 1 },
		},
		{
			name: "client closed", is: counter.ErrClosed, text: "closed",
			hold: func(t *testing.T, _ *redistest.Server, client *redis.Client) {
				t.Helper()
				if err := client.Close(); err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, test.args...)
			if test.before != nil {
				test.before(t, server, server.Client())
			}
			opts := *server.Client().Options()
			opts.MaxRetries = -1
			opts.PipelinePoolSize = -1 // they use the same connections
			if test.opts != nil {
				test.opts(&opts)
			}
			client := redis.NewClient(&opts)
			t.Cleanup(func() { _ = client.Close() })
			if test.hold != nil {
				test.hold(t, server, client)
			}

			store := newStore(t, client, counterredis.Options{})
			_, err := store.Add(t.Context(), "a", 1)
			wantRefusal(t, "Add", err, test.is, test.text)
			text := cmp.Or(test.script, test.text)
			wantRefusal(t, "Apply", applyOne(t.Context(), store, "a"), test.is, text)
			for _, result := range store.Apply(t.Context(), []counter.Batch{
				{Name: "a", Writer: "w", Delta: 1, Sum: 1}, {Name: "a", Writer: "v", Delta: 2, Sum: 5},
			}) {
				wantRefusal(t, "Apply of two", result.Err, test.is, text)
			}
			for _, value := range []int64{5, 0} {
				err := store.Set(t.Context(), "a", value)
				switch {
				case test.setOK && err != nil:
					t.Errorf("Set to %d: %v; want it to replace what is there", value, err)
				case test.setOK, value == 0 && err == nil && test.name == "OOM": // DEL needs no memory
				case value == 0: // a script, which removes the history too
					wantRefusal(t, "Set to 0", err, test.is, text)
				default:
					wantRefusal(t, "Set", err, test.is, test.text)
				}
			}
		})
	}
}

// A fake server gives the replies that only a Cluster or an uncommon server gives.
func TestRefusalsOfOthers(t *testing.T) {
	for _, reply := range []string{
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
		"MOVED 1 127.0.0.1:1", "ASK 1 127.0.0.1:1", "TRYAGAIN Multiple keys request during rehashing of slot",
		"NOSCRIPT No matching script. Please use EVAL.", "ERR max number of clients reached",
		"ERR unknown command `incrby`, with args beginning with: `s3cret`, `1`, ", "DENIED Redis is running in protected mode",
		"ERR OOM command not allowed when used memory > 'maxmemory'.", // as Kvrocks words it
		"Script attempted access a non local key in a cluster node", "ERR Script attempted to access a non local key in a cluster node",
		// Redis 6.2, in a script.
		"@user_script: 12: -READONLY You can't write against a read only replica.  ",
		"@user_script: 12: -OOM command not allowed when used memory > 'maxmemory'.  ",
		"@user_script: 12: The user executing the script can't run this command or subcommand",
		"@user_script: 12: Unknown Redis command called from Lua script",
		"ERR Unknown command called from script",                                              // Valkey
		"ERR ACL failure in script: User default has no permissions to run the 'set' command", // Redis 7.2 and Valkey
		"@user_script: 12: Script attempted execution while the cluster is down",
	} {
		t.Run(reply, func(t *testing.T) {
			addr, _ := answer(t, "-"+reply)
			store := connect(t, &redis.Options{Addr: addr})
			text, _, _ := strings.Cut(reply, ",")
			_, err := store.Add(t.Context(), "a", 1)
			wantRefusal(t, "Add", err, nil, `add to "a": `+text)
			wantRefusal(t, "Set", store.Set(t.Context(), "a", 1), nil, `set "a": `+text)
			wantRefusal(t, "Apply", applyOne(t.Context(), store, "a"), nil, `add to "a": `+text)
		})
	}
}

// Errors that prove nothing leave the outcome of a change unknown.
func TestUnknownReplies(t *testing.T) {
	for _, reply := range []string{
		"-ERR something else", "-NEWCODE something new", "-READONLYISH", "-@user_script: 12: something", "-@user_script: ",
		"-", "$-1", "*-1", "*0", "*1", "*1\r\n$1\r\n1", "*2\r\n$1\r\nx\r\n$1\r\n0", "*2\r\n$1\r\n1\r\n$0\r\n", "*3\r\n:1\r\n:0\r\n:0", "?", "",
	} {
		t.Run(reply, func(t *testing.T) {
			addr, _ := answer(t, reply)
			store := connect(t, &redis.Options{Addr: addr, ReadTimeout: 50 * time.Millisecond})
			_, err := store.Add(t.Context(), "a", 1)
			wantUnknown(t, "Add", err)
			wantUnknown(t, "Set", store.Set(t.Context(), "a", 1))
			wantUnknown(t, "Set to zero", store.Set(t.Context(), "a", 0))
			wantUnknown(t, "Apply", applyOne(t.Context(), store, "a"))
			if _, err := store.Get(t.Context(), "a"); errors.Is(err, counter.ErrUnknown) {
				t.Errorf("Get: %v; a reading is never %v", err, counter.ErrUnknown)
			}
		})
	}
	t.Run("+OK to INCRBY", func(t *testing.T) {
		addr, _ := answer(t, "+OK")
		_, err := connect(t, &redis.Options{Addr: addr}).Add(t.Context(), "a", 1)
		wantUnknown(t, "Add", err)
	})
}

func wantRefusal(t *testing.T, call string, err, is error, text string) {
	t.Helper()
	switch {
	case err == nil || errors.Is(err, counter.ErrUnknown) || !strings.Contains(err.Error(), text):
		t.Errorf("%s: %v; want an error that says %q and is not %q", call, err, text, counter.ErrUnknown)
	case is != nil && !errors.Is(err, is):
		t.Errorf("%s: %v; want it to be %q", call, err, is)
	default:
		wantNoSecret(t, err)
	}
}

func wantUnknown(t *testing.T, call string, err error) {
	t.Helper()
	wrapper, ok := err.(interface{ Unwrap() []error })
	if !errors.Is(err, counter.ErrUnknown) || !ok || len(wrapper.Unwrap()) != 2 {
		t.Errorf("%s: %v; want an error that is %q and has a cause", call, err, counter.ErrUnknown)
	}
}
