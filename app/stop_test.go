package main

import (
	"slices"
	"sync"
	"syscall"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// SIGTERM under load loses nothing: every view that was counted was shown, and
// the process ends in order.
func TestStopUnderLoad(t *testing.T) {
	const browsers, before = 50, 500
	server := redistest.Start(t)
	app := startProcess(t, "REDIS_URL="+server.URL(), patient)
	var (
		mu    sync.Mutex
		shown []int64
		wg    sync.WaitGroup
	)
	loaded := make(chan struct{})
	for range browsers {
		wg.Go(func() {
			for {
				page, err := app.tryGet(t.Context(), "/")
				if err != nil {
					return // the app lets no one in any more
				}
				mu.Lock()
				shown = append(shown, views(page.body))
				if len(shown) == before {
					close(loaded)
				}
				mu.Unlock()
			}
		})
	}
	<-loaded
	for range 2 { // a host may send it more than once
		if err := app.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	<-app.exited
	wg.Wait()
	if status := app.cmd.ProcessState.ExitCode(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	slices.Sort(shown)
	for i := range shown {
		if shown[i] != int64(i+1) {
			t.Fatalf("number %d of the numbers shown, in order, is %d", i+1, shown[i])
		}
	}
	counted, err := server.Client().Get(t.Context(), "counter_key").Int()
	if err != nil || counted != len(shown) {
		t.Errorf("%d views counted, %v; %d shown", counted, err, len(shown))
	}
}
