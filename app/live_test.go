package main

import (
	"bufio"
	"net/http"
	"sync"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// listen opens a stream of the number of example.com/a.
func (p *process) listen(t *testing.T) *bufio.Scanner {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/events/example.com/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
	return bufio.NewScanner(answer.Body)
}

// waitForNumber reads a stream until it tells the number, and reports whether it did.
func waitForNumber(stream *bufio.Scanner, number string) bool {
	for stream.Scan() {
		if stream.Text() == `data: {"name":"example.com/a","value":`+number+`}` {
			return true
		}
	}
	return false
}

// A thousand listeners in two processes are told what either process counts, and keep
// neither from stopping: a stream that Stop waited for would cost it its exit status.
func TestLiveNumbers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var apps []*process
	var streams []*bufio.Scanner
	for range 2 {
		app := startProcess(t, "REDIS_URL="+server.URL(), patient)
		apps = append(apps, app)
		for range 500 {
			streams = append(streams, app.listen(t))
		}
	}
	wantAll := func(number string) {
		t.Helper()
		var all sync.WaitGroup
		for _, stream := range streams {
			all.Go(func() {
				if !waitForNumber(stream, number) {
					t.Errorf("a listener was not told %s: %v", number, stream.Err())
				}
			})
		}
		all.Wait()
	}
	wantAll("0")
	for i, number := range []string{"1", "2"} {
		if _, err := apps[i].ask(t.Context(), http.MethodPost, "/api/v1/views/example.com/a"); err != nil {
			t.Fatal(err)
		}
		wantAll(number)
	}
	for _, app := range apps {
		app.stopDrained(t)
	}
	for _, stream := range streams {
		if waitForNumber(stream, "3") || stream.Err() != nil {
			t.Errorf("a stream did not end in order: %v", stream.Err())
		}
	}
}
