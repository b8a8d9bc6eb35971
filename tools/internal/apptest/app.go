// Package apptest starts the program in tests of the forms it is shipped in.
package apptest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// App is the program, running.
type App struct {
	URL string // of the page, without the slash
	cmd *exec.Cmd

	exited chan struct{}
	mu     sync.Mutex
	log    bytes.Buffer
}

// Start starts the program on 127.0.0.1, and waits until it serves. The port is free, unless the
// command's environment has a PORT. The program is killed when the test ends.
func Start(tb testing.TB, cmd *exec.Cmd) *App {
	tb.Helper()
	cmd.Env = append([]string{"HOST=127.0.0.1", "PORT=0"}, cmd.Env...)
	a := &App{cmd: cmd, exited: make(chan struct{})}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	serving := make(chan string, 1)
	go func() {
		defer close(a.exited)
		a.read(stderr, serving)
		_ = cmd.Wait() // Stop looks at ProcessState
	}()
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-a.exited
		if tb.Failed() {
			tb.Logf("log of the program:\n%s", &a.log)
		}
	})
	select {
	case address := <-serving:
		a.URL = "http://" + address
	case <-a.exited:
		tb.Fatal("the program ended before it served")
	}
	return a
}

// read keeps the log, and sends the address from it once the program serves.
func (a *App) read(stderr io.Reader, serving chan<- string) {
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		a.mu.Lock()
		a.log.WriteString(lines.Text() + "\n")
		a.mu.Unlock()
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			serving <- line.Address
		}
	}
}

// Get returns the body of a page.
func (a *App) Get(tb testing.TB, path string) string {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, a.URL+path, http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return string(body)
}

// WantViews opens the page once and fails the test unless it shows the number.
func (a *App) WantViews(tb testing.TB, want int) {
	tb.Helper()
	page := a.Get(tb, "/")
	found := regexp.MustCompile(`viewed ([0-9]+) times`).FindStringSubmatch(page)
	if found == nil || found[1] != strconv.Itoa(want) {
		tb.Errorf("the page does not show %d views:\n%s", want, page)
	}
}

// Stop sends the program SIGTERM, and fails the test unless it ends with the status 0. It returns
// the log.
func (a *App) Stop(tb testing.TB) string {
	tb.Helper()
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		tb.Fatal(err)
	}
	<-a.exited
	if status := a.cmd.ProcessState.ExitCode(); status != 0 {
		tb.Errorf("exit status %d", status)
	}
	return a.log.String()
}
