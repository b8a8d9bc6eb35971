//go:build unix

package main

import (
	"context"
	"path/filepath"
	"testing"

	counterfile "example.com/herokuapp/counter-file"
	"example.com/herokuapp/counter-redis/redistest"
)

// inFile is one file, which one process of the app has open.
type inFile struct{ path string }

func openFile(tb testing.TB) *inFile {
	tb.Helper()
	return &inFile{filepath.Join(tb.TempDir(), "counts.db")}
}

func (*inFile) String() string { return "file, one process" }

func (*inFile) processes() int { return 1 }

func (s *inFile) variables() []string { return []string{"DATA_FILE=" + s.path} }

func (*inFile) faults(f *fleet) []fault { return appFaults(f) }

func (*inFile) lines() []*redistest.Proxy { return nil }

// counted opens the file, which no process has open any more.
func (s *inFile) counted(ctx context.Context) (int64, error) {
	store, err := counterfile.Open(s.path, counterfile.Options{})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	return store.Get(ctx, counterKey)
}
