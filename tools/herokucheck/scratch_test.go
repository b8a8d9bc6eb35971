package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Two walks at a time do not meet.
func TestMakeScratch(t *testing.T) {
	temp := t.TempDir()
	first, err := makeScratch(temp)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(temp, "herokucheck"); first != want {
		t.Errorf("the first is %s, want %s", first, want)
	}
	second, err := makeScratch(temp)
	if err != nil {
		t.Fatal(err)
	}
	if second == first || filepath.Dir(second) != temp {
		t.Errorf("the second is %s, the first %s", second, first)
	}
}

// A module cache is read-only.
func TestRemove(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scratch")
	if err := os.MkdirAll(filepath.Join(dir, "mod", "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mod", "sub", "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mod/sub/file", "mod/sub", "mod"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o500); err != nil {
			t.Fatal(err)
		}
	}
	if err := remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
