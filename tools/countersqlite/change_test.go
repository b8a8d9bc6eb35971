package countersqlite

import (
	"errors"
	"path/filepath"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// A commit that fails leaves the outcome open. What is asked after it works.
func TestCommitFails(t *testing.T) {
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "counts.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	exec := func(query string) {
		t.Helper()
		if _, err := store.write.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	// SQLite looks for the missing parent when it commits.
	exec("PRAGMA foreign_keys = ON")
	exec("CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES children DEFERRABLE INITIALLY DEFERRED)")
	exec("CREATE TRIGGER break AFTER INSERT ON counters BEGIN INSERT INTO children (parent) VALUES (999); END")

	if _, err := store.Add(t.Context(), "a", 1); !errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Add: %v; want ErrUnknown", err)
	}
	if err := store.Set(t.Context(), "a", 5); !errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Set: %v; want ErrUnknown", err)
	}
	batches := []counter.Batch{{Name: "a", Writer: "w", Delta: 1, Sum: 1}, {Name: "b", Writer: "w", Delta: 1, Sum: 1}}
	for i, result := range store.Apply(t.Context(), batches) {
		if !errors.Is(result.Err, counter.ErrUnknown) {
			t.Errorf("Apply, batch %d: %v; want ErrUnknown", i, result.Err)
		}
	}
	exec("DROP TRIGGER break")
	if got, err := counter.Inc(t.Context(), store, "a"); err != nil || got != 1 {
		t.Errorf("Inc = %d, %v; want 1", got, err)
	}
}

// What fails before the commit has changed nothing: no counter moves without its
// record, nor those of the batches before it.
func TestApplyIsOneStep(t *testing.T) {
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "counts.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	const query = `CREATE TRIGGER break BEFORE INSERT ON records WHEN NEW.name = 'b'
		BEGIN SELECT RAISE(ABORT, 'no room for records'); END`
	if _, err := store.write.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
	batches := []counter.Batch{{Name: "a", Writer: "w", Delta: 1, Sum: 1}, {Name: "b", Writer: "w", Delta: 1, Sum: 1}}
	for i, result := range store.Apply(t.Context(), batches) {
		if result.Err == nil || errors.Is(result.Err, counter.ErrUnknown) {
			t.Errorf("Apply, batch %d: %v; want an error that says that nothing changed", i, result.Err)
		}
	}
	for _, name := range []string{"a", "b"} {
		if got, err := store.Get(t.Context(), name); err != nil || got != 0 {
			t.Errorf("Get(%q) = %d, %v; want 0", name, got, err)
		}
	}
}

func TestOpenFails(t *testing.T) {
	store, err := Open(t.Context(), t.TempDir())
	if err == nil {
		t.Errorf("Open of a folder: %v; want an error", store.Close())
	}
}
