//go:build unix

package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// Every signal that would end the process drains it first, and a second one does not cut
// that short.
func TestSignalsDrain(t *testing.T) {
	t.Parallel()
	for _, signal := range slices.Concat(requests(), aborts(), systemAborts()) {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			app := startProcess(t, "REDIS_URL="+server.URL())
			opened := app.wantNumber(t, 0)
			server.Kill()
			opened++
			app.wantAtLeast(t, opened)
			for range 2 {
				app.signal(t, signal)
			}
			for ; !strings.Contains(app.log(), `"msg":"stopping"`); time.Sleep(time.Millisecond) {
				select {
				case <-app.exited:
					t.Fatalf("the app ended before it drained:\n%s", app.log())
				default:
				}
			}
			for _, another := range slices.Concat(requests(), aborts(), systemAborts()) {
				app.signal(t, another)
			}
			server.Restart()
			app.wantDrained(t)
			wantCounted(t, server, opened)
			dumps := !slices.Contains(requests(), signal)
			if strings.Contains(app.log(), "goroutine 1 [") != dumps {
				t.Errorf("the log says what goroutines do: %t; want %t", !dumps, dumps)
			}
		})
	}
}

// Other signals don't end it at all.
func TestSignalsThatAreNotForUs(t *testing.T) {
	t.Parallel()
	app := startProcess(t)
	for n, signal := range []syscall.Signal{
		syscall.SIGPIPE, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGPROF, syscall.SIGWINCH,
		syscall.SIGIO, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGURG, syscall.SIGCHLD, syscall.SIGCONT,
	} {
		app.signal(t, signal)
		page, err := app.tryGet(t.Context(), "/")
		if err != nil || page.status != http.StatusOK || views(page.body) != int64(n+1) {
			t.Fatalf("after %v: %d %s, %v", signal, page.status, page.body, err)
		}
	}
	app.stopDrained(t)
}

// A terminal that lets only the foreground write does not stop the app for its log.
func TestTerminalThatKeepsTheBackgroundSilent(t *testing.T) {
	t.Parallel()
	app := newProcess(t)
	app.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // no process is stopped in a group that is orphaned
	app.url = "http://" + <-app.start(t)
	app.signal(t, syscall.SIGTTOU)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if page, err := app.tryGet(ctx, "/"); err != nil || views(page.body) != 1 {
		t.Fatalf("%d %s, %v; want a page", page.status, page.body, err)
	}
	app.stopDrained(t)
}
