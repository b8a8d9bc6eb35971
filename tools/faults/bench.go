//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// bench lends redistest what it takes from a test: a place, and an end.
type bench struct {
	testing.TB // nil: for what redistest does not use

	ctx context.Context
	out io.Writer

	mu       sync.Mutex
	dir      string // of all folders; empty until there is one
	folders  int
	cleanups []func()
	failed   bool
}

func newBench(ctx context.Context, out io.Writer) *bench { return &bench{ctx: ctx, out: out} }

var errFailed = errors.New("the run could not go on")

// run calls f on a goroutine that Fatal may end.
func (b *bench) run(f func() error) error {
	ended := make(chan error, 1)
	go func() {
		err := errFailed
		defer func() { ended <- err }()
		err = f()
	}()
	return <-ended
}

// end cleans up, the last first. If files are to be kept it returns where they are.
func (b *bench) end(keep bool) string {
	for cleanup := b.pop(); cleanup != nil; cleanup = b.pop() {
		_ = b.run(func() error { cleanup(); return nil }) // Fatal has said why
	}
	if keep || b.dir == "" {
		return b.dir
	}
	if err := os.RemoveAll(b.dir); err != nil {
		b.Log(err)
	}
	return ""
}

func (b *bench) pop() func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.cleanups) == 0 {
		return nil
	}
	last := len(b.cleanups) - 1
	cleanup := b.cleanups[last]
	b.cleanups = b.cleanups[:last]
	return cleanup
}

func (b *bench) Cleanup(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cleanups = append(b.cleanups, f)
}

func (b *bench) TempDir() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dir == "" {
		dir, err := os.MkdirTemp("", "faults-")
		if err != nil {
			b.fatal(err)
		}
		b.dir = dir
	}
	b.folders++
	dir := filepath.Join(b.dir, strconv.Itoa(b.folders))
	if err := os.Mkdir(dir, 0o700); err != nil {
		b.fatal(err)
	}
	return dir
}

func (b *bench) Context() context.Context { return b.ctx }
func (b *bench) Name() string             { return "faults" }
func (b *bench) Helper()                  {}

func (b *bench) Log(args ...any) {
	fmt.Fprintln(b.out, "faults:", strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}
func (b *bench) Logf(format string, args ...any) { b.Log(fmt.Sprintf(format, args...)) }

func (b *bench) Failed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

func (b *bench) Fail() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = true
}

func (b *bench) FailNow() {
	b.Fail()
	runtime.Goexit()
}

func (b *bench) Error(args ...any) {
	b.Log(args...)
	b.Fail()
}
func (b *bench) Errorf(format string, args ...any) { b.Error(fmt.Sprintf(format, args...)) }

func (b *bench) Fatal(args ...any) {
	b.Log(args...)
	b.FailNow()
}
func (b *bench) Fatalf(format string, args ...any) { b.Fatal(fmt.Sprintf(format, args...)) }

// Skip is Fatal: what a test may do without, a run may not.
func (b *bench) Skip(args ...any) { b.Fatal(args...) }

// fatal is Fatal for who holds the lock.
func (b *bench) fatal(err error) {
	b.failed = true
	b.Log(err)
	runtime.Goexit()
}
