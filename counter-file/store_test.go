package counterfile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/counter-core/countertest"
	counterfile "example.com/herokuapp/counter-file"
)

func TestConformance(t *testing.T) {
	countertest.Run(t, func(t *testing.T) counter.Store {
		t.Helper()
		return open(t, newPath(t))
	})
}

func TestConformanceGathered(t *testing.T) {
	countertest.Run(t, func(t *testing.T) counter.Store {
		t.Helper()
		return coalesce.New(open(t, newPath(t)), coalesce.Options{Wait: time.Minute})
	})
}

func TestBackendConformance(t *testing.T) { countertest.RunBackend(t, fixture) }

func TestHistorianConformance(t *testing.T) { countertest.RunHistorian(t, fixture) }

func TestMoverConformance(t *testing.T) { countertest.RunMover(t, fixture) }

func fixture(t *testing.T) countertest.Fixture {
	t.Helper()
	store := open(t, newPath(t))
	return countertest.Fixture{Store: store, Wipe: store.Wipe, Expire: store.Expire, ExpireHours: store.ExpireHours, Stall: store.Stall}
}

// A disk that hangs for good holds up Close no longer than it may. When it works again, the
// file is closed all the same, with the change that was being written.
func TestCloseWhileStalled(t *testing.T) {
	path := newPath(t)
	store, err := counterfile.Open(path, counterfile.Options{CloseTimeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	resume := store.Stall(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := counter.Inc(ctx, store, "a"); !errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Inc: %v; want that it is unknown", err)
	}
	if err := store.Close(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Close: %v; want an error that names the file", err)
	}
	if err := store.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
	resume()
	again, err := counterfile.Open(path, counterfile.Options{Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	wantInc(t, again, "a", 2)
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// newPath returns the path of a file that does not exist yet.
func newPath(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(newFolder(tb), "counts ?#%41.db")
}

// newFolder returns an empty folder, in memory where the system offers that. The store
// makes the same calls there, and a sync does not have to wait for a disk.
func newFolder(tb testing.TB) string {
	tb.Helper()
	const memory = "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		return tb.TempDir()
	}
	folder, err := os.MkdirTemp(memory, "counterfile-") //nolint:usetesting // in memory
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			tb.Error(err)
		}
	})
	return folder
}

func closeStore(t *testing.T, store counter.Store) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func set(t *testing.T, store counter.Store, name string, value int64) {
	t.Helper()
	if err := store.Set(t.Context(), name, value); err != nil {
		t.Fatal(err)
	}
}

// wantInc adds one, and fails unless that makes the number.
func wantInc(t *testing.T, store counter.Store, name string, want int64) {
	t.Helper()
	if got, err := counter.Inc(t.Context(), store, name); err != nil || got != want {
		t.Errorf("Inc(%q) = %d, %v; want %d", name, got, err, want)
	}
}

func open(tb testing.TB, path string) *counterfile.Store {
	tb.Helper()
	store, err := counterfile.Open(path, counterfile.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return store
}
