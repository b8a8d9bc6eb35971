package counterfile_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	counter "example.com/herokuapp/counter-core"
	counterfile "example.com/herokuapp/counter-file"
)

// Processes come and go: the file grows with the counters, not with restarts.
func TestRecordsAreBounded(t *testing.T) {
	const names, restarts = 50, 40
	path := newPath(t)
	var size int64
	for restart := range restarts {
		store := open(t, path)
		store.Expire(t) // an hour has passed
		batches := make([]counter.Batch, names)
		for i := range batches {
			batches[i] = counter.Batch{Name: fmt.Sprint(i), Writer: fmt.Sprintf("writer %d", restart), Delta: 1, Sum: 1}
		}
		for i, result := range store.Apply(t.Context(), batches) {
			if result.Err != nil || result.Total != int64(restart)+1 {
				t.Fatalf("Apply(%v) = %+v; want %d", batches[i], result, restart+1)
			}
		}
		if kept := store.Records(t); kept > 2*names {
			t.Fatalf("%d records after %d restarts; want at most %d", kept, restart+1, 2*names)
		}
		closeStore(t, store)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if restart == 2 {
			size = info.Size()
		} else if restart > 2 && info.Size() > size {
			t.Fatalf("the file has %d bytes after %d restarts, and had %d after 3", info.Size(), restart+1, size)
		}
	}
}

// A file that is cut short or damaged while it is in use makes calls fail, and not the
// process, and is refused until it is whole again.
func TestDamagedInUse(t *testing.T) {
	path := newPath(t)
	store := open(t, path)
	for i := range 500 {
		name := fmt.Sprintf("views:example.com/a/page/with/a/long/name/%d", i)
		if result := store.Apply(t.Context(), []counter.Batch{{Name: name, Writer: "w", Delta: 1, Sum: 1}})[0]; result.Err != nil {
			t.Fatal(result.Err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(2*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := store.Get(t.Context(), "views:example.com/a/page/with/a/long/name/7"); !errors.Is(err, counterfile.ErrDamaged) {
			t.Errorf("Get: %v; want that the file is damaged", err)
		}
		if _, err := counter.Inc(t.Context(), store, "a"); !errors.Is(err, counterfile.ErrDamaged) {
			t.Errorf("Inc: %v; want that the file is damaged", err)
		}
	}
	if _, err := countsIn(t.Context(), path); !errors.Is(err, counterfile.ErrDamaged) {
		t.Errorf("Open: %v; want that the file is damaged", err)
	}
	// An empty file is damaged, too, not a new one.
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := counter.Inc(t.Context(), store, "a"); !errors.Is(err, counterfile.ErrDamaged) {
			t.Errorf("Inc of an emptied file: %v; want that the file is damaged", err)
		}
	}
	if err := os.WriteFile(path, whole, 0); err != nil {
		t.Fatal(err)
	}
	wantInc(t, store, "views:example.com/a/page/with/a/long/name/7", 2)
}
