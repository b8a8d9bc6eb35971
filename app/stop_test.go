package main

import (
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	counterfile "example.com/herokuapp/counter-file"
	"example.com/herokuapp/counter-redis/redistest"
)

// SIGTERM under load loses nothing: every view that was counted was shown, and
// the process ends in order.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	t.Run("Redis", func(t *testing.T) {
		server := redistest.Start(t)
		shown := stopUnderLoad(t, "REDIS_URL="+server.URL())
		wantCounted(t, server, shown)
	})
	t.Run("file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "counts.db")
		shown := stopUnderLoad(t, "DATA_FILE="+file)
		store, err := counterfile.Open(file, counterfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		counted, err := store.Get(t.Context(), "counter_key")
		if err != nil || counted != int64(shown) {
			t.Errorf("%d views counted, %v; %d shown", counted, err, shown)
		}
	})
}

// stopUnderLoad returns how many numbers the app has shown: from 1 on, each once.
func stopUnderLoad(t *testing.T, store string) int {
	t.Helper()
	const browsers, before = 50, 500
	app := startProcess(t, store, patient)
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
		app.signal(t, syscall.SIGTERM)
	}
	app.wantDrained(t)
	wg.Wait()
	wantEach(t, shown)
	return len(shown)
}
