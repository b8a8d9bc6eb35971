package counterfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
	counterfile "example.com/herokuapp/counter-file"
)

func TestOpenKeepsCounts(t *testing.T) {
	path := newPath(t)
	for i := range int64(3) {
		store := open(t, path)
		wantInc(t, store, "a", i+1)
		closeStore(t, store)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 && os.PathSeparator == '/' {
		t.Errorf("the file's mode is %o; want 600", got)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v; want the file alone", left, err)
	}
}

// An empty file, and a database without buckets, are as good as none.
func TestOpenEmpty(t *testing.T) {
	empty, bare := newPath(t), newPath(t)
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(bare, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, bare} {
		wantInc(t, open(t, path), "a", 1)
	}
}

func TestOpenLocked(t *testing.T) {
	path := newPath(t)
	first := open(t, path)
	_, err := counterfile.Open(path, counterfile.Options{Wait: 100 * time.Millisecond})
	wantOpenErr(t, err, counterfile.ErrLocked, path)

	// A waiting Open gets the file when it is free.
	opened := make(chan error)
	go func() {
		second, err := counterfile.Open(path, counterfile.Options{Wait: time.Minute})
		if err == nil {
			err = second.Close()
		}
		opened <- err
	}()
	closeStore(t, first)
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

// A file that is not a counter file is refused and left as it is.
func TestOpenForeign(t *testing.T) {
	other := newPath(t)
	db, err := bbolt.Open(other, 0o600, &bbolt.Options{NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucket([]byte("users"))
		if err != nil {
			return err
		}
		for i := range 1000 {
			if err := bucket.Put(fmt.Append(nil, i), []byte("name")); err != nil {
				return err
			}
		}
		nested, err := bucket.CreateBucket([]byte("nested"))
		if err != nil {
			return err
		}
		return nested.Put([]byte("key"), nil)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	database, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"a database of another program": database,
		"a byte":                        {0},
		"a text":                        []byte("SQLite format 3\x00"),
		"a long text":                   bytes.Repeat([]byte("views 123\n"), 10_000),
		"zeros":                         make([]byte, 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := counterfile.Open(path, counterfile.Options{})
			wantOpenErr(t, err, counterfile.ErrForeign, path)
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file has changed: %v", err)
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	_, err := counterfile.Open(dir, counterfile.Options{})
	wantOpenErr(t, err, counterfile.ErrForeign, dir)

	nowhere := filepath.Join(dir, "missing", "counts.db")
	_, err = counterfile.Open(nowhere, counterfile.Options{})
	wantOpenErr(t, err, os.ErrNotExist, nowhere)
	if !strings.Contains(err.Error(), "folder") {
		t.Errorf("%v; want an error that speaks of the folder", err)
	}
}

// A file has one Store, whatever it is called.
func TestOpenByOtherName(t *testing.T) {
	path := newPath(t)
	store := open(t, path)
	wantInc(t, store, "a", 1)
	folder := newFolder(t)
	symbolic, hard := filepath.Join(folder, "symbolic.db"), filepath.Join(filepath.Dir(path), "hard.db")
	if err := errors.Join(os.Symlink(path, symbolic), os.Link(path, hard)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, symbolic, hard} {
		_, err := counterfile.Open(name, counterfile.Options{Wait: time.Millisecond})
		wantOpenErr(t, err, counterfile.ErrLocked, name)
	}
	closeStore(t, store)
	linked := open(t, symbolic)
	wantInc(t, linked, "a", 2)
	snapshot(t, linked, filepath.Join(newFolder(t), "copy.db"))
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("the link's folder holds %v, %v; want the link alone", left, err)
	}
}

// A symbolic link to nothing is refused: the file would be made where nobody looks for
// it. If the file exists, even empty, the link is as good as its name.
func TestOpenByDanglingLink(t *testing.T) {
	target, link := newPath(t), newPath(t)
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	_, err := counterfile.Open(link, counterfile.Options{})
	if err == nil || !strings.Contains(err.Error(), link) || !strings.Contains(err.Error(), target) {
		t.Errorf("Open: %v; want an error that names the link and what it points to", err)
	}
	if _, err := os.Stat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file was made: %v", err)
	}
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantInc(t, open(t, link), "a", 1)
}

// A file cut short, or with bytes changed, is refused and left as it is; or, if what
// was damaged holds nothing, has all its counts.
func TestOpenDamaged(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	hours := []counter.Hour{1, counter.HourOf(time.Now())} // the first is no longer kept
	for i := range 12 {
		past := []counter.Bucket{{Start: 2, Hours: 1, Count: 3}}
		if _, err := store.Bring(t.Context(), "brought", fmt.Sprintf("https://example.org/a/badge/with/a/long/name/%d", i), 3, past); err != nil {
			t.Fatal(err)
		}
		var batches []counter.Batch
		for j := range 50 {
			name := fmt.Sprintf("views:example.com/a/page/with/a/long/name/%d", i*50+j)
			batches = append(batches, counter.Batch{Name: name, Writer: "w", Delta: int64(i + 1), Sum: int64(i + 1), Hour: hours[j%2]})
		}
		for _, result := range store.Apply(t.Context(), batches) {
			if result.Err != nil {
				t.Fatal(result.Err)
			}
		}
	}
	closeStore(t, store)
	want, err := countsIn(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	damaged := newPath(t)
	try := func(what string, content []byte) {
		t.Helper()
		if err := os.WriteFile(damaged, content, 0o600); err != nil {
			t.Fatal(err)
		}
		counts, err := countsIn(t.Context(), damaged)
		if err == nil {
			// The last commit is in the first pages; without it the one before holds.
			if len(counts) < len(want)-50 {
				t.Fatalf("%s: %d counters of %d are there", what, len(counts), len(want))
			}
			for name, value := range counts {
				if want[name] != value {
					t.Fatalf("%s: %q is %d; want %d", what, name, value, want[name])
				}
			}
			return
		}
		refused++
		if !errors.Is(err, counterfile.ErrDamaged) && !errors.Is(err, counterfile.ErrForeign) {
			t.Fatalf("%s: %v; want ErrDamaged", what, err)
		}
		if after, err := os.ReadFile(damaged); err != nil || !bytes.Equal(after, content) {
			t.Fatalf("%s: the file has changed: %v", what, err)
		}
	}
	for size := 1; size < len(whole); size += 2501 {
		try(fmt.Sprintf("cut to %d bytes", size), whole[:size])
	}
	pageSize := os.Getpagesize()
	for page := range len(whole) / pageSize {
		content := bytes.Clone(whole)
		clear(content[page*pageSize : (page+1)*pageSize])
		try(fmt.Sprintf("page %d is zeros", page), content)
		if page > 0 {
			content = bytes.Clone(whole)
			copy(content[page*pageSize:], whole[(page-1)*pageSize:page*pageSize])
			try(fmt.Sprintf("page %d is a copy of the one before", page), content)
		}
	}
	for range 300 {
		content := bytes.Clone(whole)
		at := rand.IntN(len(whole))
		if rand.IntN(2) == 0 {
			at = at/pageSize*pageSize + rand.IntN(64)
		}
		content[at] ^= byte(1 + rand.IntN(255))
		try(fmt.Sprintf("byte %d is %#x, not %#x", at, content[at], whole[at]), content)
	}
	if refused < 100 {
		t.Errorf("%d damaged files are refused; want most", refused)
	}
	if after, err := countsIn(t.Context(), path); err != nil || !maps.Equal(after, want) {
		t.Errorf("the file itself has changed: %v", err)
	}
}

// wantOpenErr fails unless the error is one line that names the file.
func wantOpenErr(t *testing.T, err, want error, path string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Open: %v; want one line that is %q and names %s", err, want, path)
	}
}
