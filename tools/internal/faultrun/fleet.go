//go:build unix

package faultrun

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Fleet is the processes of the app. Serving, pick, told and clock are safe for concurrent use.
// The other methods are for one goroutine.
type Fleet struct {
	binary   string
	env      []string
	logs     string // a folder
	began    time.Time
	surfaces []Surface
	duration time.Duration
	steady   bool

	serving []atomic.Pointer[life] // the latest of each
	lives   []*life                // all there were
	changed sync.Mutex             // guards lives where others look
	// gate is held for reading by each client that opens a page, and for writing while no page
	// may be opened.
	gate sync.RWMutex
}

// Process is a process of the app.
type Process struct {
	Name    string
	Number  int    // among all processes of the run, from 1
	PID     int    // of the system
	Address string // of the page
	Metrics string // the address of the metrics
}

// Serving returns the latest process of each place. Some of them may have ended.
func (f *Fleet) Serving() []Process {
	processes := make([]Process, 0, len(f.serving))
	for place := range f.serving {
		l := f.serving[place].Load()
		processes = append(processes, Process{l.String(), l.number, l.cmd.Process.Pid, l.address, l.metrics})
	}
	return processes
}

// build builds the app of the tree at top, and returns the program's path. It is compiled as this command was: with
// the race detector if this has it. A race shows as a strange line in the log.
func build(ctx context.Context, top, dir string) (string, error) {
	binary := filepath.Join(dir, "app")
	args := []string{"build", "-o", binary}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" || s.Key == "-gcflags" {
				args = append(args, s.Key+"="+s.Value)
			}
		}
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...) //nolint:gosec // made by this package
	cmd.Dir = filepath.Join(top, "app")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./app: %w\n%s", err, bytes.TrimSpace(text))
	}
	return binary, nil
}

// startFleet starts the app's processes. They end with the test.
func startFleet(ctx context.Context, tb testing.TB, cfg Config, s Setup) (*Fleet, error) {
	tb.Helper()
	if cfg.App == "" {
		var err error
		if cfg.App, err = build(ctx, cfg.Top, tb.TempDir()); err != nil {
			return nil, err
		}
	}
	env := slices.Concat([]string{"HOST=127.0.0.1", "PORT=0", "METRICS_ADDR=127.0.0.1:0", "RATE_LIMIT=0"}, s.variables)
	f := &Fleet{
		binary: cfg.App, env: env, logs: cfg.Logs, began: time.Now(), surfaces: cfg.Surfaces, duration: cfg.Duration, steady: cfg.Steady,
		serving: make([]atomic.Pointer[life], s.processes),
	}
	tb.Cleanup(func() {
		for _, l := range f.lives {
			l.end(syscall.SIGKILL)
		}
	})
	for place := range f.serving {
		if err := f.start(ctx, place, make([]int64, len(f.surfaces))); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// clock returns the time since the fleet was started.
func (f *Fleet) clock() time.Duration { return time.Since(f.began) }

// pick returns one of the processes, which may have ended.
func (f *Fleet) pick(random *rand.Rand) *life { return f.serving[random.IntN(len(f.serving))].Load() }

// start starts a process in the place and returns once it serves. before is what was counted
// on each surface without the process knowing it.
func (f *Fleet) start(ctx context.Context, place int, before []int64) error {
	number := len(f.lives) + 1
	l := &life{place: place + 1, number: number, ended: make(chan struct{}), before: before, visits: make([]visits, len(f.surfaces))}
	log, err := os.Create(filepath.Join(f.logs, fmt.Sprintf("app-%d-%d.log", l.place, number)))
	if err != nil {
		return err
	}
	// The process outlives the context. The test's cleanup ends it.
	l.cmd = exec.CommandContext(context.WithoutCancel(ctx), f.binary) //nolint:gosec // the one just built
	l.cmd.Env = f.env
	addresses, err := l.start(log)
	if err != nil {
		return err
	}
	f.changed.Lock()
	f.lives = append(f.lives, l)
	f.changed.Unlock()
	for _, address := range []*string{&l.metrics, &l.address} { // it serves the page last
		select {
		case *address = <-addresses:
		case <-l.ended:
			return fmt.Errorf("%s ended before it served: see %s", l, log.Name())
		}
	}
	f.serving[place].Store(l)
	return nil
}

// restart ends the process in the place by the signal, waits for a while, and starts another one.
func (f *Fleet) restart(ctx context.Context, place int, signal syscall.Signal, after time.Duration) error {
	ending := f.serving[place].Load()
	ending.end(signal)
	pause(ctx, after)
	return f.start(ctx, place, ending.before)
}

// settle waits a while for the process in the place to count what it called pending. The less a
// killed process may lose, the fewer mistakes can hide in that.
func (f *Fleet) settle(ctx context.Context, place int) {
	l := f.serving[place].Load()
	for limit := f.clock() + 5*time.Second; l.atRisk() > 0 && f.clock() < limit && ctx.Err() == nil; {
		pause(ctx, time.Millisecond)
	}
}

// victim draws the place of a process that may be ended.
func (f *Fleet) victim(random *rand.Rand) int {
	if f.steady && len(f.serving) > 1 {
		return 1 + random.IntN(len(f.serving)-1)
	}
	return random.IntN(len(f.serving))
}

// due reports whether a process may be ended now.
func (f *Fleet) due() bool { return !f.steady || len(f.serving) > 1 || f.clock() < f.duration/4 }

// stop stops all processes, each of which counts what it holds before it ends.
func (f *Fleet) stop() {
	var wg sync.WaitGroup
	for place := range f.serving {
		wg.Go(func() { f.serving[place].Load().end(syscall.SIGTERM) })
	}
	wg.Wait()
}

// died reports whether a process has ended that was not told to.
func (f *Fleet) died() bool {
	for place := range f.serving {
		select {
		case <-f.serving[place].Load().ended:
			return true
		default:
		}
	}
	return false
}

// told returns what the visitors of all processes were told.
func (f *Fleet) told() (sum told) {
	f.changed.Lock()
	defer f.changed.Unlock()
	for _, l := range f.lives {
		for i := range l.visits {
			sum.add(l.visits[i].told())
		}
	}
	return sum
}
