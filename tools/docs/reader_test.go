//go:build unix

package docs_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/herokuapp/tools/internal/tree"
)

const (
	guide     = "docs/guide.md"
	redisAddr = "127.0.0.1:6379"

	// clone is the one command that the reader of the guide can't run before somebody
	// has published this repository: the test has a copy of it there.
	clone = "git clone https://example.com/herokuapp ../herokuapp\n"
)

// reader follows the guide in a folder of its own. Of what the guide says it changes the
// ports alone.
type reader struct {
	t      *testing.T
	rest   []block
	dir    string // where its terminal is
	ports  []string
	ours   *strings.Replacer // of the ports
	client http.Client
}

// newReader returns a reader at the beginning of the guide, whose Redis is at addr.
func newReader(t *testing.T, addr string) *reader {
	t.Helper()
	dir := t.TempDir()
	if err := tree.Copy(t.Context(), top, mkdir(t, dir, "herokuapp")); err != nil {
		t.Fatal(err)
	}
	ports := []string{freePort(t), freePort(t)}
	return &reader{
		t:     t,
		rest:  readBlocks(t, guide),
		dir:   dir,
		ports: ports,
		ours:  strings.NewReplacer("8000", ports[0], "8001", ports[1], redisAddr, addr),
		client: http.Client{
			Timeout:   time.Minute,
			Transport: &http.Transport{DisableKeepAlives: true},
		},
	}
}

func mkdir(t *testing.T, parent, name string) string {
	t.Helper()
	dir := filepath.Join(parent, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// freePort returns a port that nobody listens on, outside of those that systems give to
// outgoing connections.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(10000 + rand.IntN(10000))
		var config net.ListenConfig
		if listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
			listener.Close()
			return port
		}
	}
	t.Fatal("found no free port")
	return ""
}

// readTo writes the files and runs the commands up to the block of the text, which is
// left out; "" is the end. Then everything has to build.
func (g *reader) readTo(text string) {
	g.t.Helper()
	found := false
	for !found && len(g.rest) > 0 {
		b := g.rest[0]
		g.rest = g.rest[1:]
		switch {
		case b.file != "":
			put(g.t, filepath.Join(g.dir, b.file), g.ours.Replace(b.text))
		case b.text == text:
			found = true
		default:
			g.run(b.text)
		}
	}
	if !found && text != "" {
		g.t.Fatalf("%s has no more block\n%s", guide, text)
	}
	packages := "./..."
	if _, err := os.Stat(filepath.Join(g.dir, "go.work")); err == nil {
		packages = "work"
	}
	g.run("go vet " + packages)
}

// run runs commands, each of which has to succeed, and returns what they print.
func (g *reader) run(commands string) string {
	g.t.Helper()
	said, status := g.try(commands)
	if status != 0 {
		g.t.Fatalf("%s\nends with status %d:\n%s", commands, status, said)
	}
	return said
}

// try runs commands and returns what they print and the status with which they end.
func (g *reader) try(commands string) (said string, status int) {
	g.t.Helper()
	where := filepath.Join(g.t.TempDir(), "where")
	cmd := g.bash(strings.ReplaceAll(commands, clone, "") + "\npwd >'" + where + "'\n")
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		g.t.Fatal(err)
	}
	dir, err := os.ReadFile(where)
	if err != nil {
		g.t.Fatal(err)
	}
	g.dir = strings.TrimSpace(string(dir))
	return string(out), 0
}

// bash returns a command that runs others where the reader is.
func (g *reader) bash(commands string) *exec.Cmd {
	cmd := tree.Command(g.t.Context(), g.dir, "bash", "-euc", g.ours.Replace(commands))
	cmd.Env = append(cmd.Env, "HOST=127.0.0.1",
		"GIT_AUTHOR_NAME=Reader", "GIT_AUTHOR_EMAIL=reader@example.com",
		"GIT_COMMITTER_NAME=Reader", "GIT_COMMITTER_EMAIL=reader@example.com")
	return cmd
}

// program is a program that serves the page, and whatever started it.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	url   string
	ended chan struct{}

	mu   sync.Mutex
	said strings.Builder
}

// Write takes what the program says.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(text)
}

func (p *program) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// says waits until the text is in the log.
func (p *program) says(text string) {
	p.t.Helper()
	for !strings.Contains(p.log(), text) {
		select {
		case <-p.ended:
			p.t.Fatalf("it ended, and the log does not say %q:\n%s", text, p.log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// start runs commands that start the program, and returns once it serves.
func (g *reader) start(commands string) *program {
	g.t.Helper()
	port := g.ports[0]
	if commands == runSecond {
		port = g.ports[1]
	}
	return g.launch(g.bash(commands), port)
}

// launch starts the program, and returns once it listens on the port.
func (g *reader) launch(cmd *exec.Cmd, port string) *program {
	g.t.Helper()
	p := &program{t: g.t, cmd: cmd, url: "http://127.0.0.1:" + port + "/", ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p, p
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // until all of the group have ended: they share the log
	}()
	g.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
	})
	for {
		var dialer net.Dialer
		conn, err := dialer.DialContext(g.t.Context(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return p
		}
		select {
		case <-p.ended:
			g.t.Fatalf("%q ended before it served:\n%s", cmd.Args, p.log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// interrupt is Ctrl-C: all processes of the group get the signal.
func (p *program) interrupt() {
	p.t.Helper()
	p.signal(syscall.SIGINT)
}

func (p *program) signal(signal syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(-p.cmd.Process.Pid, signal); err != nil {
		p.t.Fatal(err)
	}
	<-p.ended
}

// stopsWell stops the program, which has to end with status 0.
func (p *program) stopsWell(signal syscall.Signal) {
	p.t.Helper()
	p.signal(signal)
	if status := p.cmd.ProcessState.ExitCode(); status != 0 {
		p.t.Errorf("after %v it ended with status %d; its log:\n%s", signal, status, p.log())
	}
}

// get opens the page.
func (g *reader) get(p *program) (status int, text string) {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, p.url, http.NoBody)
	if err != nil {
		g.t.Fatal(err)
	}
	response, err := g.client.Do(request)
	if err != nil {
		g.t.Fatalf("%v; the log:\n%s", err, p.log())
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// see opens the page once for each number, which it has to show.
func (g *reader) see(p *program, numbers ...int) {
	g.t.Helper()
	for _, n := range numbers {
		status, text := g.get(p)
		if want := fmt.Sprintf("This page was viewed %d times.", n); status != http.StatusOK || !strings.Contains(text, want) {
			g.t.Fatalf("the page is %d, %q; want %q; the log:\n%s", status, text, want, p.log())
		}
	}
}
