package counterfile_test

import (
	"path/filepath"
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

func TestBackendConformance(t *testing.T) {
	countertest.RunBackend(t, func(t *testing.T) countertest.Fixture {
		t.Helper()
		store := open(t, newPath(t))
		return countertest.Fixture{Store: store, Wipe: store.Wipe, Expire: store.Expire}
	})
}

// newPath is of a file that is not there.
func newPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "counts ?#%41.db")
}

func open(t *testing.T, path string) *counterfile.Store {
	t.Helper()
	store, err := counterfile.Open(path, counterfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}
