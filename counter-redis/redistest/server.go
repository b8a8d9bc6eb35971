// Package redistest starts real Redis servers for tests: a single server, replicas of it,
// Sentinel, and Cluster. Each server listens on the loopback interface only, keeps its data in a
// folder of the test, and ends with the test; on Linux also when the test binary is killed.
// [Server.Stop] and [Server.Continue] need Unix. [StartProxy] puts a connection that can be made
// to fail in front of a server. A [Topology] puts one in front of each data server of a Sentinel
// or Cluster.
//
//	server := redistest.Start(t)
//	client := server.Client()
package redistest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// patience is how long a server may take to answer. It is far more than a server needs,
	// so that no test fails because the machine is busy.
	patience = time.Minute

	// Ports below those of outgoing connections (from 32768 on Linux), so that none of
	// these takes the port of a server that is about to restart.
	firstPort, lastPort = 20000, 32767

	// busOffset is how far the port of a Cluster's bus is above the server's port. The port of
	// the bus must be in this range, too.
	busOffset = 10000
)

// errPortTaken says that another process listens on the port.
var errPortTaken = errors.New("port taken")

// Server is a redis-server process of one test. Call its methods from the test's goroutine. If
// one fails, so does the test.
type Server struct {
	tb        testing.TB
	path      string // of the program
	dir       string
	args      []string
	announced func(port int) []string // arguments that say how others reach it; may be nil
	cluster   bool                    // it has a port for the bus, too
	sentinel  bool
	port      int
	process   *process
	stopped   bool
	tls       *certificates // nil without TLS
	asking    *redis.Client // nil until the first question
	link      *Proxy        // to the primary; nil unless Replica started it
}

// Start starts a server with an empty database and returns once it answers.
//
// Each write is on disk before its reply (appendonly yes, appendfsync always), so Kill loses
// nothing. The arguments, such as "--maxmemory", "1mb", override these settings; bind, port, dir
// and the log can't be changed.
//
// If redis-server is not on the PATH, the test is skipped, or fails if the environment has
// CI=true.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	return launch(tb, &Server{args: args})
}

// launch starts a server of which all but the address is set.
func launch(tb testing.TB, s *Server) *Server {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		const how = "redis-server is not installed: apt-get install redis-server, or make test"
		if os.Getenv("CI") == "true" {
			tb.Fatal(how)
		}
		tb.Skip(how)
	}
	s.tb, s.path, s.dir = tb, path, tb.TempDir()
	tb.Cleanup(s.Kill)
	last := lastPort
	if s.cluster {
		last -= busOffset
	}
	err = errPortTaken
	for range 10 {
		if !errors.Is(err, errPortTaken) {
			break
		}
		s.port = firstPort + rand.IntN(last-firstPort+1) //nolint:gosec // a free port is no secret
		if err = s.configure(); err == nil {
			err = s.run()
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Addr returns the server's host and port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL returns the server's URL: redis://, or rediss:// with TLS, and Addr.
func (s *Server) URL() string {
	if s.tls != nil {
		return "rediss://" + s.Addr()
	}
	return "redis://" + s.Addr()
}

// Client returns a new client of the server, which is closed when the test ends. It has the
// defaults of go-redis, but does not ask the server for anything newer than Redis 6.
func (s *Server) Client() *redis.Client {
	client := redis.NewClient(&redis.Options{
		Addr:                     s.Addr(),
		TLSConfig:                s.tls.client(),
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	s.tb.Cleanup(func() { _ = client.Close() }) // unless the test has closed it
	return client
}

// Kill ends the server by SIGKILL, and returns when it is gone. Killing it again does nothing.
func (s *Server) Kill() {
	if s.process != nil {
		s.process.kill()
	}
}

// Restart kills the server, starts it again and returns once it answers. It has the same port,
// the same data and the same configuration, with whatever CONFIG REWRITE has written.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Kill()
	if err := s.run(); err != nil {
		s.tb.Fatal(err)
	}
}

// Stop freezes the server. Until Continue, connections to it open, but it does not answer.
func (s *Server) Stop() {
	s.tb.Helper()
	s.stopped = true
	if err := s.process.freeze(); err != nil {
		s.tb.Fatalf("redis-server did not stop: %v", err)
	}
}

// Continue lets a stopped server go on, beginning with what arrived meanwhile.
func (s *Server) Continue() {
	s.tb.Helper()
	if err := s.process.thaw(); err != nil {
		s.tb.Fatalf("redis-server did not go on: %v", err)
	}
	s.stopped = false
}

// run starts the process and returns nil once it answers. The error is errPortTaken if another
// process has the port, and otherwise has the server's log.
func (s *Server) run() error {
	log, err := os.Create(filepath.Join(s.dir, "redis.log"))
	if err != nil {
		return err
	}
	// The process outlives the test's context: other cleanups may need it.
	ctx := context.WithoutCancel(s.tb.Context())
	args := []string{s.config()}
	if s.sentinel {
		args = append(args, "--sentinel")
	}
	cmd := exec.CommandContext(ctx, s.path, args...) //nolint:gosec // the program that was looked up
	s.stopped = false
	cmd.Dir = s.dir
	if s.process, err = start(cmd, log); err != nil {
		return fmt.Errorf("redis-server: %w", err)
	}
	ready, err := s.awaitReady(log.Name())
	if ready || err != nil {
		return err
	}
	s.Kill()
	text, err := os.ReadFile(log.Name())
	if err != nil {
		return err
	}
	if strings.Contains(string(text), "Address already in use") {
		return errPortTaken
	}
	return fmt.Errorf("redis-server %q did not come up; its log:\n%s", s.args, text)
}

// awaitReady returns true once the server answers, or false if it ends before that or takes
// longer than a minute.
func (s *Server) awaitReady(log string) (bool, error) {
	ctx, cancel := context.WithTimeout(s.tb.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.process.ended:
			return false, nil
		case <-ctx.Done():
			return false, nil
		case <-tick.C:
		}
		text, err := os.ReadFile(log)
		if err != nil {
			return false, err
		}
		// Until the log says that the server listens, another server may be the one that
		// answers, on a port that this one failed to take.
		if strings.Contains(string(text), s.ready()) && s.answers(ctx) {
			return true, nil
		}
	}
}

// ready returns what the server logs once it listens.
func (s *Server) ready() string {
	if s.sentinel {
		return "Sentinel ID is"
	}
	return "Ready to accept connections"
}

// answers reports whether the server replies to PING, if only to demand a password.
func (s *Server) answers(ctx context.Context) bool {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return false
	}
	if s.tls != nil {
		conn = tls.Client(conn, s.tls.client())
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	reply, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && (strings.HasPrefix(reply, "+PONG") || strings.HasPrefix(reply, "-NOAUTH"))
}
