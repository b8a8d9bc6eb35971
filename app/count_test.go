package main

import (
	"strings"
	"sync"
	"syscall"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

func TestCountsInMemory(t *testing.T) {
	t.Parallel()
	app := startProcess(t)
	for n := range int64(3) {
		app.wantView(t, n+1)
	}
	if log := app.log(); !strings.Contains(log, `"store":"memory"`) || !strings.Contains(log, "set DATA_FILE=counts.db to keep them") {
		t.Errorf("the log does not say where counts are kept, and how to keep them:\n%s", log)
	}
	app.stopDrained(t)
	startProcess(t).wantView(t, 1) // memory ends with the process
}

func TestCountsInRedisAcrossRestarts(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	for n := range int64(3) {
		app := startProcess(t, "REDIS_URL="+redis.URL(), patient)
		app.wantView(t, 2*n+1)
		app.wantView(t, 2*n+2)
		if log := app.log(); !strings.Contains(log, `"store":"redis `+redis.Addr()) {
			t.Errorf("the log does not say where counts are kept:\n%s", log)
		}
		if status := app.stop(t, syscall.SIGINT); status != 0 {
			t.Errorf("exit status %d", status)
		}
	}
}

func TestContinuesTheCountOfAnotherProgram(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	client := redis.Client()
	if err := client.Set(t.Context(), "counter_key", 41, 0).Err(); err != nil {
		t.Fatal(err)
	}
	app := startProcess(t, "REDIS_URL="+redis.URL(), patient)
	app.wantView(t, 42)
	if got, err := client.Incr(t.Context(), "counter_key").Result(); err != nil || got != 43 {
		t.Fatalf("INCR counter_key = %d, %v; want 43", got, err)
	}
	app.wantView(t, 44)
}

// A thousand views at once are a thousand different numbers, 1 to 1000.
func TestConcurrentViews(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		wantDistinctViews(t, 1000, startProcess(t))
	})
	t.Run("two processes on one Redis", func(t *testing.T) {
		redis := "REDIS_URL=" + redistest.Start(t).URL()
		wantDistinctViews(t, 1000, startProcess(t, redis, patient), startProcess(t, redis, patient))
	})
}

func wantDistinctViews(t *testing.T, total int, apps ...*process) {
	t.Helper()
	const browsers = 50
	var (
		mu    sync.Mutex
		shown []int64
		wg    sync.WaitGroup
	)
	for browser := range browsers {
		app := apps[browser%len(apps)]
		wg.Go(func() {
			for range total / browsers {
				page, err := app.tryGet(t.Context(), "/")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				shown = append(shown, views(page.body))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	wantEach(t, shown)
	if len(shown) != total {
		t.Fatalf("%d numbers shown to %d visitors", len(shown), total)
	}
}
