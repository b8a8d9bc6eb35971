package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCountsInFileAcrossRestarts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "counts.db")
	for n := range int64(3) {
		app := startProcess(t, "DATA_FILE="+file, patient)
		app.wantView(t, 2*n+1)
		app.wantView(t, 2*n+2)
		if log := app.log(); !strings.Contains(log, `"store":"file `+file) || len(warnings(t, log)) > 0 {
			t.Errorf("the log does not say where counts are kept, or warns:\n%s", log)
		}
		if n == 1 {
			app.stop(t, syscall.SIGKILL) // what was shown is in the file all the same
		} else {
			app.stopDrained(t)
		}
	}
}

// A new process waits for the file until the old one has counted what it holds.
func TestRollingRestartOnFile(t *testing.T) {
	t.Parallel()
	file := "DATA_FILE=" + filepath.Join(t.TempDir(), "counts.db")
	old := startProcess(t, file, patient)
	old.wantView(t, 1)
	next, serving := launch(t, file, patient)
	for !strings.Contains(next.log(), "waiting for it to end") {
		time.Sleep(time.Millisecond)
	}
	old.wantView(t, 2)
	old.stopDrained(t)
	next.url = "http://" + <-serving
	next.wantView(t, 3)
	next.stopDrained(t)
}
