package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

func startServer(t *testing.T, handler http.Handler, shutdownTimeout time.Duration) *web.Server {
	t.Helper()
	cfg := config.Config{Host: netip.MustParseAddr("127.0.0.1"), ShutdownTimeout: shutdownTimeout}
	server, err := web.NewServer(cfg, handler, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context(), func() { t.Error("the server died") }); err != nil {
		t.Fatal(err)
	}
	return server
}

// gate is a store whose additions wait until it is opened.
type gate struct {
	counter.Store
	waiting chan struct{} // receives once for each addition that waits
	open    chan struct{}
}

func (g gate) Add(ctx context.Context, name string, delta int64) (int64, error) {
	g.waiting <- struct{}{}
	<-g.open
	return g.Store.Add(context.WithoutCancel(ctx), name, delta)
}

// Stopping while 200 requests wait for a slow store loses none of them, and lets
// no one else in.
func TestStopFinishesWhatIsInFlight(t *testing.T) {
	defer goleak.VerifyNone(t)
	const requests = 200
	store := gate{countermemory.New(), make(chan struct{}), make(chan struct{})}
	server := startServer(t, newSite(t, config.Config{}, store), time.Hour)
	address := server.Address().String()

	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	shown := make([]int64, requests)
	var wg sync.WaitGroup
	for i := range requests {
		wg.Go(func() {
			page, err := get(t.Context(), client, "http://"+address+"/")
			if err != nil {
				t.Error(err)
				return
			}
			_, after, _ := strings.Cut(page, "was viewed ")
			if _, err := fmt.Sscan(after, &shown[i]); err != nil {
				t.Errorf("%v: %s", err, page)
			}
		})
	}
	for range requests {
		<-store.waiting
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Stop(context.WithoutCancel(t.Context())) }()
	wantRefused(t, address)
	close(store.open)
	wg.Wait()
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
	slices.Sort(shown)
	for i := range shown {
		if shown[i] != int64(i+1) {
			t.Fatalf("number %d of the numbers shown, in order, is %d", i+1, shown[i])
		}
	}
}

// A request that takes longer than the shutdown timeout is cut off, and Stop says so.
func TestStopCutsOffWhatTakesTooLong(t *testing.T) {
	store := gate{countermemory.New(), make(chan struct{}), make(chan struct{})}
	server := startServer(t, newSite(t, config.Config{}, store), 10*time.Millisecond)
	answered := make(chan error, 1)
	go func() {
		_, err := get(t.Context(), new(http.Client), "http://"+server.Address().String()+"/")
		answered <- err
	}()
	<-store.waiting
	err := server.Stop(t.Context())
	close(store.open)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "SHUTDOWN_TIMEOUT=10ms") {
		t.Errorf("Stop: %v", err)
	}
	if err := <-answered; err == nil {
		t.Error("the request was answered")
	}
}

func TestUnusedConnectionsDoNotHoldUpStop(t *testing.T) {
	defer goleak.VerifyNone(t)
	server := startServer(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), 2*time.Second)
	// A connection without a byte, those with part of a request as their first and second, and
	// one that has been answered.
	starts := []string{"", "GET / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}
	conns := make([]net.Conn, len(starts))
	for i := range conns {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Address().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
		if _, err := io.WriteString(conn, starts[i]); err != nil {
			t.Fatal(err)
		}
	}
	// Once the last is answered, all are accepted.
	for _, conn := range conns[2:] {
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "HTTP/1.1 200 OK\r\n" {
			t.Fatalf("%q, %v", line, err)
		}
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartFailsWhereThePortIsTaken(t *testing.T) {
	first := startServer(t, http.NotFoundHandler(), time.Minute)
	taken := uint16(first.Address().(*net.TCPAddr).Port)
	second, err := web.NewServer(config.Config{Host: netip.MustParseAddr("127.0.0.1"), Port: taken}, nil, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context(), nil); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "PORT") {
		t.Errorf("Start: %v", err)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// A server listens where it is told to, and nowhere else.
func TestListensToTheAddressAlone(t *testing.T) {
	hosts := map[string]struct{ v4, v6 bool }{
		"0.0.0.0": {true, false}, "127.0.0.1": {true, false}, "::": {false, true}, "::1": {false, true}, "": {true, true},
	}
	if loopback, err := new(net.ListenConfig).Listen(t.Context(), "tcp6", "[::1]:0"); err != nil {
		t.Logf("this machine has no IPv6: %v", err)
		delete(hosts, "::")
		delete(hosts, "::1")
		delete(hosts, "")
	} else {
		loopback.Close()
	}
	for host, want := range hosts {
		var cfg config.Config
		if host != "" {
			cfg.Host = netip.MustParseAddr(host)
		}
		cfg.ShutdownTimeout = time.Minute
		server, err := web.NewServer(cfg, http.NotFoundHandler(), zaptest.NewLogger(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(t.Context(), func() { t.Error("the server died") }); err != nil {
			t.Fatalf("HOST=%s: %v", host, err)
		}
		port := strconv.Itoa(server.Address().(*net.TCPAddr).Port)
		for address, want := range map[string]bool{"127.0.0.1": want.v4, "::1": want.v6} {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort(address, port))
			if (err == nil) != want || err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("HOST=%s: to %s: %v; want it served: %t", host, address, err, want)
			}
			if err == nil {
				conn.Close()
			}
		}
		if err := server.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A request with huge headers is refused, not read.
func TestHugeHeadersAreRefused(t *testing.T) {
	server := startServer(t, http.NotFoundHandler(), time.Minute)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := "GET / HTTP/1.1\r\nHost: a\r\nX-Big: " + strings.Repeat("x", 64<<10) + "\r\n\r\n"
	go func() { _, _ = io.WriteString(conn, request) }() // fails where the server hangs up in between
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%s", answer.Status)
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

// wantRefused waits until no one new is let in.
func wantRefused(t *testing.T, address string) {
	t.Helper()
	for {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			conn.Close()
		}
	}
}
