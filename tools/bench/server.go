package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// bench is everything that runs during a measurement.
type bench struct {
	dir      string // of the programs
	redis    process
	client   *redis.Client
	servers  []server
	machine  machine
	progress io.Writer
}

// server is a contestant that serves.
type server struct {
	contestant
	process
}

// setUp builds and starts what is chosen.
func setUp(ctx context.Context, top string, chosen func(name string) bool, progress io.Writer) (_ *bench, err error) {
	b := &bench{progress: progress, machine: thisMachine()}
	defer func() {
		if err != nil {
			b.stop()
		}
	}()
	if b.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return nil, err
	}
	fmt.Fprintln(progress, "building")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.dir, "./app", "./tools/bench/baseline") //nolint:gosec // a folder just made
	build.Dir, build.Env = top, append(os.Environ(), "GOWORK=")                                      // that of the tree
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building: %w\n%s", err, bytes.TrimSpace(text))
	}

	b.redis, err = start(ctx, nil, "redis-server", func(port string) []string {
		return []string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", b.dir}
	})
	if err != nil {
		return nil, err
	}
	b.client = redis.NewClient(&redis.Options{Addr: b.redis.addr})
	info, err := b.client.InfoMap(ctx, "server").Result()
	if err != nil {
		return nil, err
	}
	b.machine.Redis = info["Server"]["redis_version"]

	for _, c := range contestants("redis://"+b.redis.addr, b.dir) {
		if !chosen(c.name) {
			continue
		}
		p, err := start(ctx, c.env, filepath.Join(b.dir, c.program), nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		s := server{c, p}
		b.servers = append(b.servers, s)
		if err := b.warmUp(ctx, s); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return b, nil
}

// warmUp checks that the page is the one to measure, and has it opened for a second.
func (b *bench) warmUp(ctx context.Context, s server) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/", http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if !bytes.Contains(body, []byte("This page was viewed ")) || response.Header.Get("View-Status") != "counted" {
		return fmt.Errorf("GET / is not the page: %s, View-Status %q:\n%s", response.Status, response.Header.Get("View-Status"), body)
	}
	_, err = b.openPages(ctx, s, loads()[0], 1)
	return err
}

// stop ends all processes.
func (b *bench) stop() {
	for _, s := range b.servers {
		s.end()
	}
	if b.client != nil {
		_ = b.client.Close()
	}
	b.redis.end()
	_ = os.RemoveAll(b.dir)
}

// process is a program that listens on an address. What it logs goes to /dev/null.
type process struct {
	cmd  *exec.Cmd // nil until it is started
	addr string
}

// start starts the program and returns once it listens, on the PORT of its environment.
func start(ctx context.Context, env []string, program string, args func(port string) []string) (process, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0") // to find a free port
	if err != nil {
		return process{}, err
	}
	p := process{addr: listener.Addr().String()}
	_ = listener.Close()
	_, port, _ := net.SplitHostPort(p.addr)
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), program) // end ends it
	if args != nil {
		p.cmd.Args = append(p.cmd.Args, args(port)...)
	}
	p.cmd.Env = append(env, "HOST=127.0.0.1", "PORT="+port)
	if err := p.cmd.Start(); err != nil {
		return process{}, err
	}
	for range 500 {
		if conn, dialErr := new(net.Dialer).DialContext(ctx, "tcp", p.addr); dialErr == nil {
			return p, conn.Close()
		}
		select {
		case <-ctx.Done():
			p.end()
			return process{}, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	p.end()
	return process{}, fmt.Errorf("%s %q does not listen on port %s", filepath.Base(program), p.cmd.Args[1:], port)
}

func (p process) end() {
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait() // its status does not matter
	}
}

// cpu returns the processor time that the process has used.
func (p process) cpu() (time.Duration, error) { return cpuTime(strconv.Itoa(p.cmd.Process.Pid)) }

// cpuTime returns the processor time of the process, or of "self".
func cpuTime(pid string) (time.Duration, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, fmt.Errorf("processor time, which needs Linux: %w", err)
	}
	// The name, in brackets, may hold spaces; proc(5) has utime and stime 12 fields on.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("processor time: too few fields in /proc/" + pid + "/stat")
	}
	user, errUser := strconv.ParseInt(fields[11], 10, 64)
	system, errSystem := strconv.ParseInt(fields[12], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 wherever Go runs
	return time.Duration(user+system) * tick, errors.Join(errUser, errSystem)
}
