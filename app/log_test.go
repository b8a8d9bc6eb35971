package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// startUnread starts the app and waits until it serves. What it logs from then on is in the
// pipe, which the test may read, leave alone or close.
func startUnread(t *testing.T, variables ...string) (*process, *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := newProcess(t, variables...)
	p.cmd.Stderr = writer
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // the tests look at ProcessState
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		reader.Close()
	})
	for lines := bufio.NewScanner(reader); p.url == ""; {
		if !lines.Scan() {
			t.Fatalf("the app does not serve: %v", lines.Err())
		}
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			p.url = "http://" + line.Address
		}
	}
	return p, reader
}

// wordy is an agent that makes a line of the log long, so that fewer are more than the app keeps.
func wordy() string { return visitor + strings.Repeat(" and more", 100) }

// A log whose reader dies costs its lines: what visitors were told is kept is counted.
func TestLogReaderDies(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	app, log := startUnread(t, "REDIS_URL="+server.URL())
	opened := app.wantNumber(t, 0)
	log.Close()
	opened = app.wantNumber(t, opened)
	server.Kill()
	for range 60 {
		opened++
		app.wantAtLeast(t, opened)
	}
	server.Restart()
	app.stopDrained(t)
	wantCounted(t, server, opened)
}

// A log that nobody reads holds up no visitor, and not the end.
func TestLogReaderStalls(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	app, _ := startUnread(t, "REDIS_URL="+server.URL(), patient, "SHUTDOWN_TIMEOUT=20s")
	const views = 2000
	app.agent = wordy()
	wantDistinctViews(t, views, app)
	if health := app.get(t, "/healthz"); health.status != http.StatusOK {
		t.Errorf("/healthz: %d", health.status)
	}
	app.stopDrained(t)
	wantCounted(t, server, views)
}

// A log that is read again says how many lines it lacks, and has its last line.
func TestLogReaderReturns(t *testing.T) {
	t.Parallel()
	const requests = 2000
	app, log := startUnread(t, "SHUTDOWN_TIMEOUT=1m")
	app.agent = wordy()
	wantDistinctViews(t, requests, app)
	app.signal(t, syscall.SIGTERM)
	text, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	<-app.exited
	var logged, lost int
	for text := range strings.Lines(string(text)) {
		var line struct {
			Msg             string
			Requests, Other int
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if line.Msg == "request" {
			logged++
		}
		lost += line.Requests
		if line.Other > 0 {
			t.Errorf("lines were lost that are not of requests: %s", text)
		}
	}
	if lost == 0 || logged+lost != requests {
		t.Errorf("%d requests are logged and %d lost; want %d in all", logged, lost, requests)
	}
	if !strings.Contains(string(text), `"msg":"stopping"`) {
		t.Error("the log does not say that the app stops")
	}
}

// A log on a full disk costs its lines.
func TestLogIsFull(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	server := redistest.Start(t)
	port := freePort(t)
	app := newProcess(t, "REDIS_URL="+server.URL(), patient, "PORT="+port)
	app.cmd.Stderr, app.url = full, "http://127.0.0.1:"+port
	if err := app.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(app.exited)
		_ = app.cmd.Wait()
	}()
	t.Cleanup(func() { _ = app.cmd.Process.Kill(); <-app.exited })
	for ; ; time.Sleep(time.Millisecond) {
		if _, err := app.tryGet(t.Context(), "/healthz"); err == nil {
			break
		}
	}
	wantDistinctViews(t, 100, app)
	app.stopDrained(t)
	wantCounted(t, server, 100)
}
