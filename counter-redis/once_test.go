package counterredis_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// A reply is lost: the client's own retries must not send the change again. That
// it does send another command again shows that this test would see it.
func TestLostReplySendsOnce(t *testing.T) {
	for _, test := range changes() {
		t.Run(test.name, func(t *testing.T) {
			server := redistest.Start(t)
			direct := server.Client()
			proxy := redistest.StartProxy(t, server.Addr())
			client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), MaxRetries: 3})
			store := borrow(t, client)
			for range 2 { // both scripts are loaded, too
				for _, err := range test.change(t.Context(), store, "loaded") {
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			do(t, direct, "config", "resetstat")

			proxy.SetFaults(redistest.Faults{LoseReplies: 1})
			for _, err := range test.change(t.Context(), store, "a") {
				wantUnknown(t, test.name, err)
				if !errors.Is(err, io.EOF) {
					t.Errorf("%v; want it to wrap the end of the connection", err)
				}
			}
			if got := calls(t, direct, test.command); got != test.calls {
				t.Errorf("%s was sent %d times; want %d", test.command, got, test.calls)
			}
			if got := direct.Exists(t.Context(), "a").Val(); got != test.exists {
				t.Errorf("EXISTS a = %d; want %d: it was sent", got, test.exists)
			}
			if err := client.Incr(t.Context(), "b").Err(); err == nil || calls(t, direct, "incr") < 2 {
				t.Errorf("the client sent its own INCR %d times, %v; want several", calls(t, direct, "incr"), err)
			}
		})
	}
}

// A command that does not reach the server is not distinguished from one whose
// reply is lost, and is not sent again either.
func TestLostRequest(t *testing.T) {
	for _, test := range changes() {
		t.Run(test.name, func(t *testing.T) {
			server := redistest.Start(t)
			proxy := redistest.StartProxy(t, server.Addr())
			proxy.SetFaults(redistest.Faults{LoseRequests: 1})
			store := borrow(t, redis.NewClient(&redis.Options{Addr: proxy.Addr(), MaxRetries: 3}))
			for _, err := range test.change(t.Context(), store, "a") {
				wantUnknown(t, test.name, err)
			}
			if keys := server.Client().Keys(t.Context(), "*").Val(); len(keys) > 0 {
				t.Errorf("the server holds %q; want nothing", keys)
			}
		})
	}
}

// change is a way to change a counter.
type change struct {
	name    string
	change  func(ctx context.Context, store *counterredis.Store, name string) []error
	command string // that it sends
	calls   int
	exists  int64 // 1 if the counter is there after it
}

func changes() []change {
	apply := func(names ...string) func(context.Context, *counterredis.Store, string) []error {
		return func(ctx context.Context, store *counterredis.Store, name string) (errs []error) {
			var batches []counter.Batch
			for _, more := range names {
				batches = append(batches, counter.Batch{Name: name + more, Writer: "w", Delta: 1, Sum: 1})
			}
			for _, result := range store.Apply(ctx, batches) {
				errs = append(errs, result.Err)
			}
			return errs
		}
	}
	return []change{
		{"Add", func(ctx context.Context, store *counterredis.Store, name string) []error {
			_, err := store.Add(ctx, name, 1)
			return []error{err}
		}, "incrby", 1, 1},
		{"Set", func(ctx context.Context, store *counterredis.Store, name string) []error {
			return []error{store.Set(ctx, name, 1)}
		}, "set", 1, 1},
		{"Set to zero", func(ctx context.Context, store *counterredis.Store, name string) []error {
			return []error{store.Set(ctx, name, 0)}
		}, "eval", 1, 0},
		{"Apply one", apply(""), "evalsha", 1, 1},
		{"Apply three", apply("", "2", "3"), "evalsha", 1, 1},
	}
}
