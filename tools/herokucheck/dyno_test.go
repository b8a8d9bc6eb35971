package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestDynoStop(t *testing.T) {
	tests := []struct {
		name    string
		command string
		wantErr string
	}{
		{"ends by itself", `trap "exit 0" TERM; touch ready; while :; do sleep 0.01; done`, ""},
		{"ends with another status", `exec 2>&-; trap "echo gone; exit 3" TERM; touch ready; while :; do sleep 0.01; done`, "after SIGTERM: exit status 3, want 0\ngone"},
		{"knows no signal", `touch ready; while :; do sleep 0.01; done`, "after SIGTERM: signal: terminated, want 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := start(t.Context(), t, tt.command)
			err := d.stop(t.Context())
			if err != nil {
				err = d.explain(err)
			}
			if message(err) != tt.wantErr {
				t.Errorf("error %q, want %q", message(err), tt.wantErr)
			}
		})
	}
}

// With its context all that the dyno started ends, or killing it would wait for the
// pipe that the sleep holds open.
func TestDynoCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := start(ctx, t, "trap '' TERM; touch ready; sleep 60; :")
	begin := time.Now()
	cancel()
	<-d.ended
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestWaitEndedEarly(t *testing.T) {
	for command, want := range map[string]string{
		"echo no such thing; exit 7": "it ended before it served: exit status 7\nno such thing",
		"true":                       "it ended before it served: exit status 0",
	} {
		d, err := startDyno(t.Context(), command, t.TempDir(), os.Environ())
		if err != nil {
			t.Fatal(err)
		}
		port, err := freePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		v := visitor{base: "http://127.0.0.1:" + port}
		if err := d.explain(v.wait(t.Context(), d)); message(err) != want {
			t.Errorf("%s: error %q, want %q", command, message(err), want)
		}
	}
}

// start starts a command that makes the file ready, and waits for it.
func start(ctx context.Context, t *testing.T, command string) *dyno {
	t.Helper()
	dir := t.TempDir()
	d, err := startDyno(ctx, command, dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.kill)
	for {
		if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
			return d
		}
		select {
		case <-d.ended:
			t.Fatalf("%s: ended: %v", command, d.err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
