package main

import (
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// Two processes, each on a line that loses requests and replies and is cut again and again:
// no number is shown twice, and what was opened is counted, once.
func TestEachViewCountsOnceThroughABadLine(t *testing.T) {
	t.Parallel()
	const browsers, each = 8, 50
	server := redistest.Start(t, "--appendonly", "no")
	var apps []*process
	var lines []*redistest.Proxy
	for range 2 {
		line := redistest.StartProxy(t, server.Addr())
		apps = append(apps, startProcess(t, "REDIS_URL=redis://"+line.Addr(), patient))
		line.SetFaults(redistest.Faults{Seed: 1, LoseReplies: 0.1, LoseRequests: 0.05})
		lines = append(lines, line)
	}

	var mu sync.Mutex
	var shown []int64
	var wg sync.WaitGroup
	for browser := range browsers {
		app := apps[browser%len(apps)]
		wg.Go(func() {
			for range each {
				page, err := app.tryGet(t.Context(), "/")
				if err != nil {
					t.Error(err)
					return
				}
				if number := views(page.body); number > 0 { // else it says "at least"
					mu.Lock()
					shown = append(shown, number)
					mu.Unlock()
				}
			}
		})
	}
	opened := make(chan struct{})
	go func() { wg.Wait(); close(opened) }()
	for cutting := true; cutting; {
		select {
		case <-opened:
			cutting = false
		case <-time.After(20 * time.Millisecond):
			for _, line := range lines {
				line.Cut()
			}
		}
	}
	for _, line := range lines {
		line.SetFaults(redistest.Faults{})
	}
	for _, app := range apps {
		app.stopDrained(t)
	}

	slices.Sort(shown)
	if distinct := slices.Compact(slices.Clone(shown)); len(distinct) != len(shown) {
		t.Errorf("%d of the %d numbers shown were shown before", len(shown)-len(distinct), len(shown))
	}
	wantCounted(t, server, browsers*each)
	if len(shown) == 0 {
		t.Error("no page has shown a number")
	}
}
