package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/web"
	counterfile "example.com/herokuapp/counter-file"
	"example.com/herokuapp/counter-redis/redistest"
)

func TestOptionsAreComplete(t *testing.T) {
	if err := fx.ValidateApp(options(t.Context(), config.Config{}, zap.NewNop())); err != nil {
		t.Fatal(err)
	}
}

// The parts as fx wires them serve a page, and leave nothing running.
func TestStartAndStop(t *testing.T) {
	defer goleak.VerifyNone(t)
	var server *web.Server
	cfg := config.Config{Host: netip.MustParseAddr("127.0.0.1"), PageWait: time.Minute, ShutdownTimeout: time.Minute}
	app := fxtest.New(t, options(t.Context(), cfg, zaptest.NewLogger(t)), fx.Populate(&server))
	app.RequireStart()
	defer app.RequireStop()
	defer http.DefaultClient.CloseIdleConnections()
	(&process{url: "http://" + server.Address().String()}).wantView(t, 1)
}

// What the program can't run with is refused with one line on stderr that names
// the variable, an exit status that is not 0, and no secret.
func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, takenPort, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	locked := redistest.Start(t, "--requirepass", "right")
	private := redistest.StartTLS(t)
	inUse := filepath.Join(t.TempDir(), "counts.db")
	holder, err := counterfile.Open(inUse, counterfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	const secret = "hunter2"
	for name, test := range map[string]struct{ set, line string }{
		"DATA_FILE nowhere":   {"DATA_FILE=/nowhere/counts.db", "app: DATA_FILE: counterfile: /nowhere/counts.db: its folder must exist, and this user must be able to write to it: "},
		"DATA_FILE in use":    {"DATA_FILE=" + inUse, "app: DATA_FILE: counterfile: " + inUse + ": it is in use by another process; one process at a time may use it"},
		"DATA_FILE foreign":   {"DATA_FILE=start_test.go", "app: DATA_FILE: counterfile: start_test.go: it is not a counter file"},
		"PORT":                {"PORT=http", `app: PORT is "http", not a port number from 0 to 65535; for example PORT=8000`},
		"port in use":         {"PORT=" + takenPort, "address already in use"},
		"METRICS_ADDR":        {"METRICS_ADDR=:9100", `app: METRICS_ADDR is ":9100", not an IP address with a port; for example METRICS_ADDR=127.0.0.1:9100`},
		"METRICS_ADDR in use": {"METRICS_ADDR=127.0.0.1:" + takenPort, "app: can't listen on the address in METRICS_ADDR, choose another: "},
		"DEBUG":               {"DEBUG=maybe", `app: DEBUG is "maybe", neither true nor false; for example DEBUG=true`},
		"SHUTDOWN_TIMEOUT":    {"SHUTDOWN_TIMEOUT=25", "app: SHUTDOWN_TIMEOUT is "},
		"HOST":                {"HOST=localhost", "app: HOST is "},
		"REDIS_URL malformed": {"REDIS_URL=redis://:" + secret + "@127.0.0.1:port/0", "app: REDIS_URL"},
		"REDIS_URL scheme":    {"REDIS_URL=http://:" + secret + "@127.0.0.1", "app: REDIS_URL"},
		"REDIS_URL untrusted": {"REDIS_URL=rediss://:" + secret + "@" + private.Addr(), "set REDIS_TLS_CA to"},
		"REDIS_POOL_SIZE":     {"REDIS_POOL_SIZE=0", "app: REDIS_POOL_SIZE is "},
		"REDIS_WAIT_REPLICAS": {"REDIS_WAIT_REPLICAS=all", "app: REDIS_WAIT_REPLICAS is "},
		"ADMIN_PASSWORD":      {"ADMIN_PASSWORD=" + secret, "app: ADMIN_PASSWORD is shorter than 12 characters; for example ADMIN_PASSWORD=$(openssl rand -hex 16)"},
		"SECRET_KEY":          {"SECRET_KEY=" + secret, "app: SECRET_KEY is shorter than 32 bytes; for example SECRET_KEY=$(openssl rand -hex 32)"},
		"TRUSTED_PROXIES":     {"TRUSTED_PROXIES=all", "app: TRUSTED_PROXIES is "},
		"PAGE_WAIT":           {"PAGE_WAIT=1h", "app: PAGE_WAIT is "},
		"REDIS_TLS_CA":        {"REDIS_TLS_CA=/nowhere", "app: REDIS_TLS_CA is "},
		"REDIS_URL refused":   {"REDIS_URL=redis://:" + secret + "@" + locked.Addr(), "app: REDIS_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			app := launchRefused(t, test.set)
			if status := app.cmd.ProcessState.ExitCode(); status != 1 {
				t.Errorf("exit status %d", status)
			}
			log := app.log()
			if strings.Contains(log, secret) || strings.Contains(log, url.QueryEscape(secret)) {
				t.Errorf("the password is shown:\n%s", log)
			}
			var lines []string // that are not the log's
			for line := range strings.Lines(log) {
				if !json.Valid([]byte(line)) {
					lines = append(lines, line)
				}
			}
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "app: ") || !strings.Contains(lines[0], test.line) {
				t.Errorf("%q; want one line with %q", lines, test.line)
			}
		})
	}
}

// launchRefused starts the app until it ends by itself. On a machine so slow that Redis does not
// answer in time, the app serves before it knows what is wrong.
func launchRefused(t *testing.T, set string) *process {
	t.Helper()
	for range 10 {
		app, ready := launch(t, set)
		select {
		case <-app.exited:
			return app
		case <-ready:
			if !strings.HasPrefix(set, "REDIS_URL") {
				t.Fatal("the app serves")
			}
		}
	}
	t.Fatal("the app serves each time")
	return nil
}

// A signal that comes while the program starts is not forgotten.
func TestSignalDuringTheStart(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	redis.Stop()
	app, _ := launch(t, "REDIS_URL="+redis.URL())
	for !strings.Contains(app.log(), "counts are kept in") { // then it waits for the store
		time.Sleep(time.Millisecond)
	}
	app.signal(t, syscall.SIGTERM)
	app.wantDrained(t)
}

// Nor does the program wait any longer for a file that another process has open.
func TestSignalWhileTheFileIsLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "counts.db")
	holder, err := counterfile.Open(path, counterfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	app, _ := launch(t, "DATA_FILE="+path)
	for !strings.Contains(app.log(), "waiting for it to end") {
		time.Sleep(time.Millisecond)
	}
	app.signal(t, syscall.SIGTERM)
	app.wantDrained(t)
}

// With DEBUG the log is for people: a line for each thing that happened, and no more.
func TestDebugLog(t *testing.T) {
	t.Parallel()
	app := launchServing(t, "DEBUG=true")
	line := regexp.MustCompile(`^\S+Z\t(INFO|WARN)\t[a-z]`)
	for text := range strings.Lines(app.log()) {
		if !line.MatchString(text) {
			t.Errorf("the log has the line %q", text)
		}
	}
}
