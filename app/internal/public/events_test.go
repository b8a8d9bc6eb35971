package public_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"example.com/herokuapp/app/internal/sitetest"
	countermemory "example.com/herokuapp/counter-memory"
)

// listen opens a stream of events.
func listen(t *testing.T, url string) (*http.Response, *bufio.Scanner) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer, bufio.NewScanner(answer.Body)
}

// nextData returns what the next event says.
func nextData(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			return data
		}
	}
	t.Fatalf("the stream has ended: %v", lines.Err())
	return ""
}

func TestEvents(t *testing.T) {
	t.Cleanup(func() { http.DefaultClient.CloseIdleConnections(); goleak.VerifyNone(t, goleak.IgnoreCurrent()) })
	kept := countermemory.New()
	server := httptest.NewServer(newSite(t, newConfig(), kept))
	t.Cleanup(server.Close)

	answer, lines := listen(t, server.URL+"/events/Example.com/a/")
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
	if got := nextData(t, lines); got != `{"name":"example.com/a","value":0}` {
		t.Error(got)
	}
	// Counted by whomever, on whatever surface.
	if _, err := kept.Add(t.Context(), "views:example.com/a", 41); err != nil {
		t.Fatal(err)
	}
	if got := nextData(t, lines); got != `{"name":"example.com/a","value":41}` {
		t.Error(got)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
}

// The number of a whole site changes with each of its pages.
func TestEventsOfASite(t *testing.T) {
	t.Cleanup(func() { http.DefaultClient.CloseIdleConnections(); goleak.VerifyNone(t, goleak.IgnoreCurrent()) })
	kept := countermemory.New()
	handler := newSite(t, newConfig(), kept)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	answer, lines := listen(t, server.URL+"/events/Example.com/a/?site")
	if got := nextData(t, lines); got != `{"name":"example.com","value":0}` {
		t.Error(got)
	}
	sitetest.Ask(handler, "POST", "/api/v1/views/example.com/b")
	if got := nextData(t, lines); got != `{"name":"example.com","value":1}` {
		t.Error(got)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	for _, query := range []string{"?site=no", "?site&site", "?sites"} {
		if w := sitetest.Ask(handler, "GET", "/events/example.com/a"+query); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

// pipes is a network within a synctest bubble.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	close(p.closed)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// servePipes serves with the timeouts of package web. The function it returns opens a
// stream, of which a listener reads what it likes.
func servePipes(t *testing.T, handler http.Handler) (open func() net.Conn) {
	t.Helper()
	network := pipes{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(network) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return func() net.Conn {
		listener, conn := net.Pipe()
		t.Cleanup(func() { _ = listener.Close() })
		network.accepted <- conn
		if _, err := listener.Write([]byte("GET /events/example.com/a HTTP/1.1\r\nHost: views.example\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		return listener
	}
}

// A stream of a number that does not change stays open, and says so often enough for any
// proxy.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := servePipes(t, newSite(t, newConfig(), countermemory.New()))()
		buffer := make([]byte, 4096)
		for start := time.Now(); time.Since(start) < 10*time.Minute; {
			before := time.Now()
			if _, err := listener.Read(buffer); err != nil {
				t.Fatalf("after %v: %v", time.Since(start), err)
			}
			if pause := time.Since(before); pause >= 30*time.Second {
				t.Errorf("nothing came for %v", pause)
			}
		}
	})
}

// A listener who takes nothing any more makes room for another.
func TestSlowListenerIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := newConfig()
		cfg.MaxListeners = 1
		open := servePipes(t, newSite(t, cfg, countermemory.New()))
		for _, reads := range []bool{false, true} { // the beginning
			slow := open()
			if reads {
				wantStatus(t, slow, "HTTP/1.1 200 OK")
			}
			synctest.Wait()
			wantStatus(t, open(), "HTTP/1.1 503 Service Unavailable")
			time.Sleep(time.Minute)
			if n, err := slow.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("a slow listener still receives: %d, %v", n, err)
			}
		}
		wantStatus(t, open(), "HTTP/1.1 200 OK")
	})
}

// wantStatus reads the first line of the answer, and what came with it.
func wantStatus(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || strings.TrimSpace(line) != want {
		t.Errorf("%q, %v; want %q", line, err, want)
	}
}

// A thousand listeners to one page are told, and one more is refused.
func TestManyListeners(t *testing.T) {
	kept := countermemory.New()
	server := httptest.NewServer(newSite(t, newConfig(), kept))
	t.Cleanup(server.Close)

	var all sync.WaitGroup
	streams := make([]*bufio.Scanner, 1000)
	for i := range streams {
		answer, lines := listen(t, server.URL+"/events/example.com/a") //nolint:bodyclose // listen closes it
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("listener %d: %d", i, answer.StatusCode)
		}
		streams[i] = lines
	}
	refused, _ := listen(t, server.URL+"/events/example.com/a") //nolint:bodyclose // listen closes it
	if refused.StatusCode != http.StatusServiceUnavailable || refused.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %d %v", refused.StatusCode, refused.Header)
	}
	if _, err := kept.Add(t.Context(), "views:example.com/a", 7); err != nil {
		t.Fatal(err)
	}
	for _, lines := range streams {
		all.Go(func() {
			for lines.Scan() {
				if lines.Text() == `data: {"name":"example.com/a","value":7}` {
					return
				}
			}
			t.Error("a listener was not told")
		})
	}
	all.Wait()
}
