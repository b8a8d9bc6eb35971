//go:build linux && !mips && !mipsle && !mips64 && !mips64le

package main

import (
	"net/http"
	"syscall"
	"testing"
)

// Nor do those that os/signal knows nothing about.
func TestSignalsThatGoDoesNotCatch(t *testing.T) {
	app := startProcess(t)
	for n, signal := range []syscall.Signal{syscall.SIGSTKFLT, syscall.SIGPWR, 32, 33, 34, 35, 63, 64} {
		app.signal(t, signal)
		page, err := app.tryGet(t.Context(), "/")
		if err != nil || page.status != http.StatusOK || views(page.body) != int64(n+1) {
			t.Fatalf("after signal %d: %d %s, %v", signal, page.status, page.body, err)
		}
	}
	app.stopDrained(t)
}
