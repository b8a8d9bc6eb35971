package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// bootTimeout is what Heroku gives a web process to listen on its port.
	bootTimeout = 60 * time.Second
	// stopTimeout is what Heroku gives a process from SIGTERM to SIGKILL.
	stopTimeout = 30 * time.Second
	// answerTimeout is what one request may take.
	answerTimeout = 10 * time.Second
)

// serve runs the web process as a dyno does, without a store, and visits it.
func (w *walk) serve(ctx context.Context) (string, error) {
	port, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	begin := time.Now()
	d, err := startDyno(ctx, w.processes["web"], w.build, environ(w.dynoEnv(port)))
	if err != nil {
		return "", err
	}
	defer d.kill()

	v := visitor{base: "http://" + net.JoinHostPort("127.0.0.1", port)}
	defer v.client.CloseIdleConnections()
	if err := v.wait(ctx, d); err != nil {
		return "", d.explain(err)
	}
	started := time.Since(begin)
	if err := v.visit(ctx); err != nil {
		return "", d.explain(err)
	}
	begin = time.Now()
	if err := d.stop(ctx); err != nil {
		return "", d.explain(err)
	}
	stopped := time.Since(begin)
	if !strings.Contains(d.log.String(), sourceVersion) {
		return "", d.explain(errors.New("the log does not name the revision " + sourceVersion))
	}
	return fmt.Sprintf("counts, names its revision; started in %v, stopped in %v",
		started.Round(time.Millisecond), stopped.Round(time.Millisecond)), nil
}

// dynoEnv returns the environment of a dyno: what app.json sets, and Heroku itself.
// Only the address is not Heroku's: this machine's network has no business here.
func (w *walk) dynoEnv(port string) map[string]string {
	env := map[string]string{}
	for name, v := range w.manifest.Env {
		env[name] = v.Value
		if v.Generator == "secret" {
			env[name] = rand.Text() + rand.Text()
		}
	}
	env["HOME"] = w.build
	env["PATH"] = "/usr/local/bin:/usr/bin:/bin:" + w.build + "/bin"
	env["PORT"] = port
	env["HOST"] = "127.0.0.1"
	return env
}

// freePort returns a port that nothing listens on.
func freePort(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	return strconv.Itoa(port), nil
}

// visitor asks the web process for pages.
type visitor struct {
	base   string
	client http.Client
}

// wait waits until the process serves.
func (v *visitor) wait(ctx context.Context, d *dyno) error {
	boot, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	for {
		_, err := v.get(boot, "/healthz")
		if err == nil {
			return nil
		}
		select {
		case <-d.ended:
			return fmt.Errorf("it ended before it served: %w", d.status())
		case <-boot.Done():
			return fmt.Errorf("it does not serve after %v: %w", bootTimeout, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// visit opens the page for the first time and asks for the revision.
func (v *visitor) visit(ctx context.Context) error {
	page, err := v.get(ctx, "/")
	if err != nil {
		return err
	}
	if want := "viewed 1 times"; !strings.Contains(page, want) {
		return fmt.Errorf("GET / does not say %q:\n%s", want, page)
	}
	text, err := v.get(ctx, "/healthz")
	if err != nil {
		return err
	}
	var health struct{ Revision string }
	if err := json.Unmarshal([]byte(text), &health); err != nil {
		return fmt.Errorf("GET /healthz: %w", err)
	}
	if health.Revision != sourceVersion {
		return fmt.Errorf("GET /healthz says that the revision is %q, want %q: does GO_LINKER_SYMBOL in app.json name the variable?",
			health.Revision, sourceVersion)
	}
	return nil
}

// get returns what the process answers with status 200.
func (v *visitor) get(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("GET %s: %w", path, err)
	}
	response, err := v.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("GET %s: %w", path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("GET %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s answers %s", path, response.Status)
	}
	return string(body), nil
}
