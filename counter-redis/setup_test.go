package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// A connection that can't be set up carries no command: whatever goes wrong, nothing is
// in doubt.
func TestSetUpFails(t *testing.T) {
	t.Parallel()
	for _, setUp := range []struct {
		command string
		opts    redis.Options
	}{
		{"hello", redis.Options{}},
		{"hello", redis.Options{Password: "s3cret"}},
		{"auth", redis.Options{Password: "s3cret"}},
		{"auth", redis.Options{Username: "user", Password: "s3cret"}},
		{"select", redis.Options{DB: 1}},
		{"client", redis.Options{ClientName: "name"}},
		{"client", redis.Options{}}, // SETINFO
	} {
		for _, failure := range []string{silence, hangUp, "-ERR something that nobody listed", "-NEWCODE"} {
			if setUp.command == "hello" && strings.HasPrefix(failure, "-") || setUp.command == "client" && setUp.opts.ClientName == "" && strings.HasPrefix(failure, "-") {
				continue // go-redis does without
			}
			t.Run(setUp.command+" "+failure, func(t *testing.T) {
				t.Parallel()
				addr := answerWith(t, func(words []string) string {
					switch words[0] {
					case setUp.command:
						return failure
					case "hello":
						return "-ERR unknown command"
					case "auth", "select", "client":
						return "+OK"
					default:
						t.Errorf("%q is sent; want nothing beyond the set-up", words)
						return "-ERR"
					}
				})
				opts := setUp.opts
				opts.Addr, opts.ReadTimeout, opts.MaxRetries = addr, 20*time.Millisecond, 2
				wantNothingSent(t, borrow(t, redis.NewClient(&opts)))
			})
		}
	}
}

// wantNothingSent fails unless each change fails, and is known to have changed nothing.
func wantNothingSent(t *testing.T, store *counterredis.Store) {
	t.Helper()
	for _, change := range changes() {
		for _, err := range change.change(t.Context(), store, "a") {
			if err == nil || errors.Is(err, counter.ErrUnknown) {
				t.Errorf("%s: %v; want an error that is not %q", change.name, err, counter.ErrUnknown)
				continue
			}
			wantNoSecret(t, err)
		}
	}
}

// A server that accepts connections and does not answer, as one does that is stopped, has
// got no command. One that stops later may have.
func TestSetUpWithStoppedServer(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *redistest.Server{"plain": redistest.Start, "TLS": redistest.StartTLS} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Stop()
			const hasty = "?read_timeout=20ms&dial_timeout=20ms&skip_verify=true"
			url := server.URL() + strings.TrimSuffix(hasty, map[string]string{"plain": "&skip_verify=true"}[name])
			for _, opts := range []counterredis.Options{{}, {WaitReplicas: 1}} {
				wantNothingSent(t, openWith(t, url, opts))
			}
		})
	}
}

// A call that Close overtakes while its connection is set up says that the store is closed.
func TestCloseDuringSetUp(t *testing.T) {
	greeted := make(chan struct{}, 16)
	addr := answerWith(t, func([]string) string {
		greeted <- struct{}{}
		return silence
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-greeted; cancel() }()
	store, err := counterredis.Open(ctx, "redis://"+addr, counterredis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	go func() { _, err := store.Add(t.Context(), "a", 1); ended <- err }()
	go func() { _, err := store.Get(t.Context(), "a"); ended <- err }()
	for range cap(ended) {
		<-greeted
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	for range cap(ended) {
		if err := <-ended; !errors.Is(err, counter.ErrClosed) {
			t.Errorf("%v; want %v", err, counter.ErrClosed)
		}
	}
}

// A server that turns a connection away says why before it reads anything. Then nothing was
// sent, and the reason is in the error.
func TestTurnedAway(t *testing.T) {
	greet := func(greeting string) (addr string) {
		return listen(t, func(conn net.Conn) { _, _ = io.WriteString(conn, greeting+"\r\n") })
	}
	for _, login := range []string{"", "user:s3cret@"} {
		const full = "ERR max number of clients reached"
		store := open(t, "redis://"+login+greet("-"+full))
		for range 20 { // the connection may end before or after the first command
			wantNothingSent(t, store)
		}
		if err := store.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), full) {
			t.Errorf("Ping: %v; want %q", err, full)
		}
		_, err := counterredis.Open(t.Context(), "redis://"+login+greet("-DENIED Redis is running in protected mode"), counterredis.Options{})
		if !errors.Is(err, counterredis.ErrRefused) || !strings.Contains(err.Error(), "protected mode") {
			t.Errorf("Open in protected mode: %v; want %v with the reason", err, counterredis.ErrRefused)
		}
	}
}

// A password that is set on the server later proves that what it refuses was not counted, however
// long the command is and whatever stands after it.
func TestPasswordSetLater(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server.URL()+patient)
	batches := []counter.Batch{}
	for i := range 100 {
		batches = append(batches, counter.Batch{Name: fmt.Sprint("c", i), Writer: "w", Delta: 1, Sum: 1, Hour: today()})
	}
	for _, n := range []int{1, 2, 100} {
		do(t, server.Client(), "flushall")
		admin := server.Client().Conn()
		if err := admin.Do(t.Context(), "config", "set", "requirepass", "other").Err(); err != nil {
			t.Fatal(err)
		}
		if err := admin.Do(t.Context(), "client", "kill", "type", "normal", "skipme", "yes").Err(); err != nil {
			t.Fatal(err)
		}
		store := connect(t, &redis.Options{Addr: server.Addr()})
		for i, result := range store.Apply(t.Context(), batches[:n]) {
			wantRefusal(t, "Apply of "+batches[i].Name, result.Err, nil, "")
			if i == 0 && !strings.Contains(result.Err.Error(), "login") && !strings.Contains(result.Err.Error(), "NOAUTH") {
				t.Errorf("%v; want an error that names the login", result.Err)
			}
		}
		if err := admin.Do(t.Context(), "config", "set", "requirepass", "").Err(); err != nil {
			t.Fatal(err)
		}
		_ = admin.Close()
		wantApplied(t, store, batches[:n], 1)
	}
	wantGet(t, store, "c0", 1)
}
