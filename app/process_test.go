package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// asApp in the environment makes the test binary the app: the tests start it as
// a process of its own, with the race detector where they have it.
const asApp = "APP_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asApp) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the app, running.
type process struct {
	cmd    *exec.Cmd
	url    string // of the page, without the slash
	agent  string // of the visitors that the test has; if empty, Go's
	exited chan struct{}

	mu     sync.Mutex
	stderr strings.Builder
}

// startProcess starts the app with the variables given as NAME=value, and waits
// until it serves.
func startProcess(t *testing.T, variables ...string) *process {
	t.Helper()
	p, ready := launch(t, variables...)
	select {
	case address := <-ready:
		p.url = "http://" + address
	case <-p.exited:
		t.Fatalf("the app ended before it served:\n%s", p.log())
	}
	return p
}

// patient has a page wait for its number as long as can be, on a slow machine too.
const patient = "PAGE_WAIT=20s"

// newProcess returns the app before it is started.
func newProcess(t *testing.T, variables ...string) *process {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), executable), exited: make(chan struct{})}
	p.cmd.Env = append([]string{asApp + "=1", "HOST=127.0.0.1", "PORT=0", "GORACE=" + os.Getenv("GORACE")}, variables...)
	if testing.CoverMode() != "" { // else the program says on stderr that it has no place for its coverage
		p.cmd.Env = append(p.cmd.Env, "GOCOVERDIR="+cmp.Or(os.Getenv("GOCOVERDIR"), t.TempDir()))
	}
	return p
}

// launch starts the app with the variables given as NAME=value: see start.
func launch(t *testing.T, variables ...string) (p *process, ready <-chan string) {
	t.Helper()
	p = newProcess(t, variables...)
	return p, p.start(t)
}

// start starts the app. The channel yields where it serves, once it does.
func (p *process) start(t *testing.T) (ready <-chan string) {
	t.Helper()
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	serving := make(chan string, 1)
	go func() {
		defer close(p.exited)
		p.read(stderr, serving)
		_ = p.cmd.Wait() // the tests look at ProcessState
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("log of the app:\n%s", p.log())
		}
	})
	return serving
}

// read keeps what the app prints, and sends where it serves.
func (p *process) read(stderr io.Reader, serving chan<- string) {
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		p.mu.Lock()
		p.stderr.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			serving <- line.Address
		}
	}
}

// log is what the app has printed until now.
func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// logged is the log, with all that the app has logged of earlier requests: lines are written
// by another goroutine, in their order.
func (p *process) logged(t *testing.T) string {
	t.Helper()
	id := rand.Text()
	p.send(t, http.MethodGet, "/healthz", "", "X-Request-Id", id)
	for deadline := time.Now().Add(time.Minute); !strings.Contains(p.log(), id); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("a request is not logged:\n%s", p.log())
		}
	}
	return p.log()
}

// stop sends the signal and returns the exit status, -1 if the signal killed it.
func (p *process) stop(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	p.signal(t, signal)
	<-p.exited
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// stopDrained stops the app, which must have nothing left to count.
func (p *process) stopDrained(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	p.wantDrained(t)
}

// wantDrained waits for the end of the app, which must have nothing left to count.
func (p *process) wantDrained(t *testing.T) {
	t.Helper()
	<-p.exited
	if status := p.cmd.ProcessState.ExitCode(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// wantCounted fails unless the server has so many views of the home page.
func wantCounted(t *testing.T, server *redistest.Server, want int) {
	t.Helper()
	if got, err := server.Client().Get(t.Context(), "counter_key").Int(); err != nil || got != want {
		t.Errorf("%d views counted, %v; want %d", got, err, want)
	}
}

// wantEach fails unless the numbers are those from 1 on, each once.
func wantEach(t *testing.T, shown []int64) {
	t.Helper()
	slices.Sort(shown)
	for i, number := range shown {
		if number != int64(i+1) {
			t.Fatalf("number %d of the numbers shown, in order, is %d", i+1, number)
		}
	}
}

// answer is what the app has answered.
type answer struct {
	status int
	header http.Header
	body   string
}

// get opens a path of the app.
func (p *process) get(t *testing.T, path string) answer {
	t.Helper()
	got, err := p.tryGet(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (p *process) tryGet(ctx context.Context, path string) (answer, error) {
	return p.fetch(ctx, http.MethodGet, path)
}

// fetch asks the app, with headers given as name, value and so on. It follows redirects.
func (p *process) fetch(ctx context.Context, method, path string, headers ...string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.url+path, nil)
	if err != nil {
		return answer{}, err
	}
	if p.agent != "" {
		request.Header.Set("User-Agent", p.agent)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

var viewed = regexp.MustCompile(`<p>This page was viewed ([0-9]+) times\.</p>`)

// views reads the number from a page, -1 if it shows none.
func views(html string) int64 {
	match := viewed.FindStringSubmatch(html)
	if match == nil {
		return -1
	}
	number, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil {
		return -1
	}
	return number
}

// wantView opens the page once and checks its number.
func (p *process) wantView(t *testing.T, want int64) {
	t.Helper()
	page := p.get(t, "/")
	if page.status != http.StatusOK || views(page.body) != want {
		t.Fatalf("%d %s; want %d views", page.status, page.body, want)
	}
}
