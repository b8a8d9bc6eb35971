package counterfile_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// A copy made under load has what was counted before it, and opens as a store.
func TestSnapshot(t *testing.T) {
	path := newPath(t)
	store := open(t, path)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	counted := make(chan int64, 1)
	wg.Go(func() {
		batch := counter.Batch{Name: "a", Writer: "w", Delta: 1, Hour: counter.HourOf(time.Now())}
		for {
			batch.Sum++
			counts := store.Apply(t.Context(), []counter.Batch{batch})[0]
			if counts.Err != nil {
				t.Error(counts.Err)
				return
			}
			select {
			case <-stop:
				return
			case <-counted:
			default:
			}
			counted <- counts.Total
		}
	})
	for range 5 {
		before := <-counted
		copied := filepath.Join(t.TempDir(), "copy.db")
		snapshot(t, store, copied)
		counts, err := countsIn(t.Context(), copied)
		if err != nil || counts["a"] < before || len(counts) != 1 {
			t.Errorf("the copy holds %v, %v; %d were counted before", counts, err, before)
		}
	}
	close(stop)
	wg.Wait()
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v; want the file alone", left, err)
	}

	// Restored, it is the store.
	restored := newPath(t)
	snapshot(t, store, restored)
	want := listed(t, store)
	if got := listed(t, open(t, restored)); !maps.Equal(got, want) {
		t.Errorf("restored: %v; want %v", got, want)
	}
}

func TestSnapshotFails(t *testing.T) {
	store := open(t, newPath(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Snapshot(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Snapshot with an ended context: %v", err)
	}
	closeStore(t, store)
	if _, err := store.Snapshot(t.Context()); !errors.Is(err, counter.ErrClosed) {
		t.Errorf("Snapshot after Close: %v", err)
	}
}

// snapshot writes a copy of the store to the path.
func snapshot(t *testing.T, store interface {
	Snapshot(ctx context.Context) (io.ReadSeekCloser, error)
}, path string,
) {
	t.Helper()
	copied, err := store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(copied)
	if err := errors.Join(err, copied.Close(), os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func listed(t *testing.T, store counter.Store) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	for entry, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		counts[entry.Name] = entry.Value
	}
	return counts
}

// Size is that of the file, also after it has grown, until Close.
func TestSize(t *testing.T) {
	path := newPath(t)
	store := open(t, path)
	for _, name := range []string{"a", "b"} {
		wantInc(t, store, name, 1)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if size, err := store.Size(); err != nil || size != info.Size() {
			t.Errorf("Size() = %d, %v; want %d", size, err, info.Size())
		}
	}
	closeStore(t, store)
	if size, err := store.Size(); err == nil {
		t.Errorf("Size() of a closed store = %d", size)
	}
}
