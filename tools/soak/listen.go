//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"example.com/herokuapp/tools/internal/faultrun"
)

// crowd listens to the events of a page. It is safe for concurrent use.
type crowd struct {
	connections, told atomic.Int64
	backwards         atomic.Int64 // numbers below an earlier one on the same connection
}

// listen listens until the context ends. It always listens to the process in the same place, so
// that the listeners of a process that restarts do not all move to the others.
func (c *crowd) listen(ctx context.Context, fleet *faultrun.Fleet, number int) {
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport}
	for ctx.Err() == nil {
		processes := fleet.Serving()
		c.follow(ctx, client, "http://"+processes[number%len(processes)].Address+"/events/example.com/api")
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond): // a browser would wait for longer
		}
	}
}

// follow listens on one connection until it ends.
func (c *crowd) follow(ctx context.Context, client *http.Client, url string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return
	}
	response, err := client.Do(request)
	if err != nil {
		return // the process has ended
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return // the context has ended
	}
	c.connections.Add(1)
	var before int64
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var event struct{ Value int64 }
		if json.Unmarshal([]byte(data), &event) != nil {
			return // it was cut off
		}
		c.told.Add(1)
		if event.Value < before {
			c.backwards.Add(1)
		}
		before = event.Value
	}
}
