package countersqlite_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	"example.com/herokuapp/tools/countersqlite"
)

func TestConformance(t *testing.T) {
	countertest.Run(t, func(t *testing.T) counter.Store {
		t.Helper()
		return open(t, newPath(t))
	})
}

func TestBackendConformance(t *testing.T) {
	countertest.RunBackend(t, func(t *testing.T) countertest.Fixture {
		t.Helper()
		path := newPath(t)
		return countertest.Fixture{
			Store:  open(t, path),
			Wipe:   func(t *testing.T) { t.Helper(); exec(t, path, "DELETE FROM counters; DELETE FROM records") },
			Expire: func(t *testing.T) { t.Helper(); exec(t, path, "UPDATE records SET used = used - 3601") },
		}
	})
}

// newPath is of a file that is not there, whose name needs escapes in a URL.
func newPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "counts ?#%41.db")
}

func open(t *testing.T, path string) *countersqlite.Store {
	t.Helper()
	store, err := countersqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// exec changes the file behind the store's back.
func exec(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}
