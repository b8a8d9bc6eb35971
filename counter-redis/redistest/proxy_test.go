package redistest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestProxyPasses(t *testing.T) {
	server := Start(t)
	client := proxied(t, StartProxy(t, server.Addr()), 3)
	big := strings.Repeat("x\r\n", 1<<17)
	if err := client.HSet(t.Context(), "h", "f", big).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := client.HGetAll(t.Context(), "h").Result(); err != nil || got["f"] != big {
		t.Errorf("HGETALL returns %d bytes, %v; want what was set", len(got["f"]), err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			pipe := client.Pipeline()
			for range 500 {
				pipe.Incr(t.Context(), "n")
				pipe.Get(t.Context(), "none")
			}
			if _, err := pipe.Exec(t.Context()); !errors.Is(err, redis.Nil) {
				t.Errorf("a pipeline: %v; want that a key is not there", err)
			}
		})
	}
	wg.Wait()
	wantGet(t, server, "n", "4000")
}

func TestProxyLosesRequests(t *testing.T) {
	server := Start(t)
	proxy := StartProxy(t, server.Addr())
	proxy.SetFaults(Faults{LoseRequests: 1})
	if err := proxied(t, proxy, 2).Incr(t.Context(), "n").Err(); !errors.Is(err, io.EOF) {
		t.Errorf("INCR: %v; want %v", err, io.EOF)
	}
	wantGet(t, server, "n", "")
}

func TestProxyLosesReplies(t *testing.T) {
	server := Start(t, "--requirepass", "p")
	proxy := StartProxy(t, server.Addr())
	proxy.SetFaults(Faults{LoseReplies: 1})
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), Password: "p", DB: 1, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Incr(t.Context(), "n").Err(); !errors.Is(err, io.EOF) {
		t.Errorf("INCR: %v; want %v", err, io.EOF)
	}
	proxy.SetFaults(Faults{})
	if got, err := client.Get(t.Context(), "n").Result(); err != nil || got != "1" {
		t.Errorf("GET n = %q, %v; want 1", got, err)
	}
}

// The same seed loses the same, another seed loses other replies, and about as
// many as asked for.
func TestProxySeed(t *testing.T) {
	t.Parallel()
	server := Start(t)
	outcomes := func(seed uint64) (lost []int) {
		proxy := StartProxy(t, server.Addr())
		proxy.SetFaults(Faults{LoseRequests: 0.1, LoseReplies: 0.2, Seed: seed})
		client := proxied(t, proxy, 2)
		for i := range 1000 {
			if client.Ping(t.Context()).Err() != nil {
				lost = append(lost, i)
			}
		}
		return lost
	}
	first, again, other := outcomes(1), outcomes(1), outcomes(2)
	if !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Errorf("seed 1 loses %v, and then %v; seed 2 loses %v", first, again, other)
	}
	if n := len(first); n < 200 || n > 360 { // 280 of 1000, give or take
		t.Errorf("%d of 1000 are lost; want 1-0.9*0.8 of them", n)
	}
}

func TestProxyDelays(t *testing.T) {
	proxy := StartProxy(t, Start(t).Addr())
	client := proxied(t, proxy, 2)
	const delay = 50 * time.Millisecond
	proxy.SetFaults(Faults{Delay: delay})
	start := time.Now()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < delay {
		t.Errorf("PING took %v; want %v at least", took, delay)
	}
}

func TestProxyRefuses(t *testing.T) {
	proxy := StartProxy(t, Start(t).Addr())
	first, second := proxied(t, proxy, 2), proxied(t, proxy, 2)
	if err := first.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	proxy.SetFaults(Faults{Refuse: true})
	if err := second.Ping(t.Context()).Err(); err == nil {
		t.Error("a new connection is served")
	}
	if err := first.Ping(t.Context()).Err(); err != nil {
		t.Errorf("an open connection: %v", err)
	}
	proxy.SetFaults(Faults{})
	if err := second.Ping(t.Context()).Err(); err != nil {
		t.Errorf("a connection after that: %v", err)
	}
}

// Cut ends what waits for a reply, too.
func TestProxyCuts(t *testing.T) {
	server := Start(t)
	proxy := StartProxy(t, server.Addr())
	client := proxied(t, proxy, 2)
	other := server.Client()
	ended := make(chan error, 2)
	for range cap(ended) {
		go func() { ended <- client.BLPop(t.Context(), 0, "list").Err() }()
	}
	for !strings.Contains(other.Info(t.Context(), "clients").Val(), fmt.Sprintf("blocked_clients:%d", cap(ended))) {
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
	}
	proxy.Cut()
	for range cap(ended) {
		if err := <-ended; err == nil || errors.Is(err, redis.Nil) {
			t.Errorf("BLPOP: %v; want that its connection ended", err)
		}
	}
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("after Cut: %v", err)
	}
}

// A server that is gone, or something that is not a Redis, ends a connection.
func TestProxyWithoutServer(t *testing.T) {
	server := Start(t)
	proxy := StartProxy(t, server.Addr())
	talk := func(text string) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", proxy.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(conn) // which returns once the proxy hangs up
	}
	for _, text := range []string{"\n", "*x\r\n", "$-\r\n", "*1\r\n$x\r\n", "GET / HTTP/1.1\r\n\r\n"} {
		talk(text)
	}
	server.Kill()
	talk("*1\r\n$4\r\nPING\r\n")
}

// proxied returns a client through the proxy that never repeats a command,
// closed with the test.
func proxied(t *testing.T, proxy *Proxy, protocol int) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), Protocol: protocol, MaxRetries: -1, ReadTimeout: -1})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func wantGet(t *testing.T, server *Server, key, want string) {
	t.Helper()
	if got := server.Client().Get(t.Context(), key).Val(); got != want {
		t.Errorf("GET %s = %q; want %q", key, got, want)
	}
}
