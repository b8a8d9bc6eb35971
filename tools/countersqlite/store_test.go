package countersqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	"example.com/herokuapp/tools/countersqlite"
)

func TestStore(t *testing.T) {
	countertest.Run(t, func(t *testing.T) counter.Store { return open(t, filepath.Join(t.TempDir(), "counts")) })
}

func TestApplier(t *testing.T) {
	countertest.RunApplier(t, func(t *testing.T) countertest.Fixture {
		path := filepath.Join(t.TempDir(), "counts")
		return countertest.Fixture{
			Store:  open(t, path),
			Wipe:   func(t *testing.T) { exec(t, path, "DELETE FROM counters; DELETE FROM records") },
			Expire: func(t *testing.T) { exec(t, path, "UPDATE records SET used = used - 3601") },
		}
	})
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
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}
