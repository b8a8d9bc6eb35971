package redistest

import (
	"bufio"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestStart(t *testing.T) {
	server := Start(t)
	if host, _, err := net.SplitHostPort(server.Addr()); err != nil || host != "127.0.0.1" {
		t.Errorf("Addr is %q, %v; want one on 127.0.0.1", server.Addr(), err)
	}
	if want := "redis://" + server.Addr(); server.URL() != want {
		t.Errorf("URL is %q; want %q", server.URL(), want)
	}
	wantConfig(t, server, "appendonly", "yes")
	wantConfig(t, server, "appendfsync", "always")
	wantConfig(t, server, "bind", "127.0.0.1")
}

func TestStartArguments(t *testing.T) {
	server := Start(t, "--appendfsync", "no", "--maxmemory", "1mb", "--port", "1", "--requirepass", "")
	wantConfig(t, server, "appendfsync", "no")
	wantConfig(t, server, "maxmemory", "1048576")
}

func TestStartWithPassword(t *testing.T) {
	server := Start(t, "--requirepass", "secret")
	if err := server.Client().Ping(t.Context()).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOAUTH ") {
		t.Errorf("PING without the password: %v; want NOAUTH", err)
	}
}

func TestKillAndRestart(t *testing.T) {
	server := Start(t)
	client := server.Client()
	if err := client.Set(t.Context(), "k", "kept", 0).Err(); err != nil {
		t.Fatal(err)
	}
	addr := server.Addr()

	server.Kill()
	server.Kill() // a second one does nothing
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("a killed server still listens")
	}

	server.Restart()
	if server.Addr() != addr {
		t.Errorf("Addr is %q after Restart; want %q", server.Addr(), addr)
	}
	if got, err := server.Client().Get(t.Context(), "k").Result(); err != nil || got != "kept" {
		t.Errorf("after Restart the key holds %q, %v; want what was written before Kill", got, err)
	}
}

func TestStopAndContinue(t *testing.T) {
	server := Start(t)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	replies := bufio.NewReader(conn)

	server.Stop()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	// A stopped server never answers, so that a slow machine can't make this fail.
	if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if reply, err := replies.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stopped server answers %q, %v", reply, err)
	}

	server.Continue()
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if reply, err := replies.ReadString('\n'); err != nil || reply != "+PONG\r\n" {
		t.Errorf("a continued server answers %q, %v; want +PONG", reply, err)
	}
}

func TestPortTaken(t *testing.T) {
	first := Start(t)
	second := &Server{tb: t, path: first.path, dir: t.TempDir(), port: first.port}
	t.Cleanup(second.Kill)
	if err := second.configure(); err != nil {
		t.Fatal(err)
	}
	if err := second.run(); !errors.Is(err, errPortTaken) {
		t.Errorf("run on a taken port: %v; want %v", err, errPortTaken)
	}
}

func TestStartFails(t *testing.T) {
	stopped := stopsStart(t, "--no-such-option", "x")
	if !stopped.failed || !strings.Contains(stopped.text, "no-such-option") {
		t.Errorf("Start with a bad option: failed %t, text %q; want it to fail with the log", stopped.failed, stopped.text)
	}
}

func TestStartWithoutRedis(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, test := range []struct {
		ci     string
		failed bool
	}{{"true", true}, {"", false}} {
		t.Setenv("CI", test.ci)
		stopped := stopsStart(t)
		if stopped.failed != test.failed || !strings.Contains(stopped.text, "apt-get install redis-server") {
			t.Errorf("Start with CI=%q: failed %t, text %q; want %t and how to get Redis",
				test.ci, stopped.failed, stopped.text, test.failed)
		}
	}
}

func wantConfig(t *testing.T, server *Server, name, want string) {
	t.Helper()
	got, err := server.Client().ConfigGet(t.Context(), name).Result()
	if err != nil || got[name] != want {
		t.Errorf("%s is %q, %v; want %q", name, got[name], err, want)
	}
}

// A server has its configuration rewritten, whatever is in that.
func TestRestartKeepsConfiguration(t *testing.T) {
	odd := "a \"quoted\" \\ \ttext é"
	server := Start(t, "--requirepass", odd, "--maxmemory", "1mb")
	client := server.Client()
	for _, command := range [][]any{
		{"auth", odd}, {"config", "set", "requirepass", ""}, {"config", "set", "maxmemory", "2mb"}, {"config", "rewrite"},
	} {
		conn := client.Conn()
		if command[0] != "auth" {
			_ = conn.Auth(t.Context(), odd).Err() // there may be no password any more
		}
		if err := conn.Do(t.Context(), command...).Err(); err != nil {
			t.Fatalf("%v: %v", command[0], err)
		}
		_ = conn.Close()
	}
	server.Restart()
	wantConfig(t, server, "maxmemory", "2097152")
}
