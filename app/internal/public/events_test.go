package public_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

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
