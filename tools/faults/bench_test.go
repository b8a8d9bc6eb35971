//go:build unix

package main

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// A bench ends as a test does: Fatal ends the run, and the cleanups come last first.
func TestBench(t *testing.T) {
	var out, order strings.Builder
	b := newBench(t.Context(), &out)
	b.Cleanup(func() { order.WriteString("1") })
	b.Cleanup(func() { order.WriteString("2"); b.Fatal("too") })
	err := b.run(func() error {
		if err := os.WriteFile(b.TempDir()+"/log", nil, 0o600); err != nil {
			t.Error(err)
		}
		b.Fatalf("%d %s", 3, "faults")
		return nil
	})
	if !errors.Is(err, errFailed) || !b.Failed() || !strings.Contains(out.String(), "3 faults\n") {
		t.Errorf("after Fatal: %v, %q", err, &out)
	}

	dir := b.end(true)
	if _, err := os.Stat(dir + "/1/log"); err != nil || order.String() != "21" {
		t.Errorf("cleanups %s, %v; want 21, and the files kept", &order, err)
	}
	if kept := b.end(false); kept != "" || order.String() != "21" {
		t.Errorf("ended again: %q, %s", kept, &order)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v; want the folder gone", err)
	}
}
