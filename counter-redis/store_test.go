package counterredis_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestConformance(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	for name, prefix := range map[string]string{
		"no prefix":     "",
		"prefix":        "views:",
		"a hard prefix": `{*}[a]%7B\`,
	} {
		t.Run(name, func(t *testing.T) {
			countertest.Run(t, func(t *testing.T) counter.Store {
				t.Helper()
				if err := server.Client().FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				return open(t, server.URL(), counterredis.Options{Prefix: prefix})
			})
		})
	}
}

func open(t *testing.T, url string, opts counterredis.Options) *counterredis.Store {
	t.Helper()
	store, err := counterredis.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// Two stores, as two processes have, share one count.
func TestTwoStoresShareACount(t *testing.T) {
	server := redistest.Start(t)
	const each = 200
	var seen sync.Map
	var wg sync.WaitGroup
	for range 2 {
		store := open(t, server.URL(), counterredis.Options{})
		for range 4 {
			wg.Go(func() {
				for range each / 4 {
					value, err := counter.Inc(t.Context(), store, "a")
					if err != nil {
						t.Error(err)
						return
					}
					if _, twice := seen.LoadOrStore(value, true); twice {
						t.Errorf("%d was returned twice", value)
					}
				}
			})
		}
	}
	wg.Wait()
	wantValue(t, server.URL(), 2*each)
}

func TestContinuesWhatAnotherProgramCounted(t *testing.T) {
	server := redistest.Start(t)
	client, store := server.Client(), open(t, server.URL(), counterredis.Options{})
	if err := client.Set(t.Context(), "counter_key", 41, 0).Err(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{42, 44} {
		if got, err := counter.Inc(t.Context(), store, "counter_key"); err != nil || got != want {
			t.Fatalf("Inc = %d, %v; want %d", got, err, want)
		}
		if err := client.Incr(t.Context(), "counter_key").Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := client.Get(t.Context(), "counter_key").Result(); err != nil || got != "45" {
		t.Errorf("GET counter_key = %q, %v; want a plain 45", got, err)
	}
}

func TestCountOutlivesTheServer(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server.URL(), counterredis.Options{})
	for range 3 {
		if _, err := counter.Inc(t.Context(), store, "a"); err != nil {
			t.Fatal(err)
		}
	}
	server.Kill()
	if err := store.Ping(t.Context()); err == nil {
		t.Error("Ping: nil while the server is gone")
	}
	server.Restart()
	wantValue(t, server.URL(), 3)
}

func TestListLeavesOutWhatIsNoCounter(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	for key, value := range map[string]string{
		"a": "1", "text": "x", "float": "1.5", "spaces": " 1", "plus": "+1", "zeros": "01", "zero": "0",
		"minus zero": "-0", "huge": "9223372036854775808", "{a}": "1", "%7b": "1", "%": "1", "\xff": "1", "": "1", "b\n": "1",
	} {
		if err := client.Set(t.Context(), key, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.RPush(t.Context(), "list", "1").Err(); err != nil {
		t.Fatal(err)
	}
	for entry, err := range open(t, server.URL(), counterredis.Options{}).List(t.Context(), "") {
		if err != nil || entry != (counter.Entry{Name: "a", Value: 1}) {
			t.Errorf("List yields %+v, %v", entry, err)
		}
	}
}

// A borrowed client stays open, and its retries are not used for additions.
func TestNewBorrowsTheClient(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: 3})
	defer client.Close()
	store := counterredis.New(client, counterredis.Options{})
	if _, err := counter.Inc(t.Context(), store, "a"); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("the client after Close: %v", err)
	}
}

// With a line that loses every reply, each call is sent once: nothing counts
// twice, and the error says that the outcome is unknown.
func TestNothingIsSentTwice(t *testing.T) {
	server := redistest.Start(t)
	line := &lossyLine{server: server.Addr()}
	client := redis.NewClient(&redis.Options{Addr: line.listen(t), MaxRetries: 3, Protocol: 2, DisableIdentity: true})
	defer client.Close()
	store := counterredis.New(client, counterredis.Options{})
	for name, call := range map[string]func() error{
		"Add":         func() error { _, err := store.Add(t.Context(), "a", 1); return err },
		"Set":         func() error { return store.Set(t.Context(), "b", 1) },
		"Set to zero": func() error { return store.Set(t.Context(), "b", 0) },
	} {
		if err := store.Ping(t.Context()); err != nil { // there is a connection from here on
			t.Fatal(err)
		}
		line.losing.Store(true)
		if err := call(); !errors.Is(err, counter.ErrUnknown) || !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v; want ErrUnknown and EOF", name, err)
		}
		line.losing.Store(false)
	}
	wantValue(t, server.URL(), 1)
	calls, err := server.Client().InfoMap(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{"cmdstat_incrby": "calls=1,", "cmdstat_set": "calls=1,", "cmdstat_del": "calls=1,"} {
		if got := calls["Commandstats"][command]; len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("%s: %q; want %s", command, got, want)
		}
	}
}

// lossyLine forwards connections to the server. While losing, it hangs up in
// place of passing on a reply.
type lossyLine struct {
	server string
	losing atomic.Bool
}

// listen returns the address of the line, which ends with the test.
func (l *lossyLine) listen(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { listener.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { l.forward(t.Context(), client) })
		}
	})
	return listener.Addr().String()
}

func (l *lossyLine) forward(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := new(net.Dialer).DialContext(ctx, "tcp", l.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer server.Close()
		_, _ = io.Copy(server, client)
	}()
	reply := make([]byte, 4096)
	for {
		n, err := server.Read(reply)
		if err != nil || l.losing.Load() {
			return
		}
		if _, err := client.Write(reply[:n]); err != nil {
			return
		}
	}
}

// wantValue checks the value of the counter "a".
func wantValue(t *testing.T, url string, want int64) {
	t.Helper()
	if got, err := open(t, url, counterredis.Options{}).Get(t.Context(), "a"); err != nil || got != want {
		t.Errorf("Get = %d, %v; want %d", got, err, want)
	}
}
