//go:build unix

package main

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

// fleet is the processes of the app. Its methods are for one goroutine, but pick,
// visits and clock for any.
type fleet struct {
	binary string
	env    []string
	logs   string // a folder
	began  time.Time

	serving []atomic.Pointer[life] // the latest of each
	lives   []*life                // all there were
	changed sync.Mutex             // guards lives where others look
}

// build builds the app of the tree at top, and returns the program. It is under the
// race detector if this command is: a race ends as a strange line of its log.
func build(ctx context.Context, top, dir string) (string, error) {
	binary := filepath.Join(dir, "app")
	args := []string{"build", "-o", binary, "."}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = slices.Insert(args, 1, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // made by this package
	cmd.Dir = filepath.Join(top, "app")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./app: %w\n%s", err, bytes.TrimSpace(text))
	}
	return binary, nil
}

// startFleet builds the app and starts its processes, which end with the test.
func startFleet(ctx context.Context, tb testing.TB, cfg config, s setup) (*fleet, error) {
	tb.Helper()
	binary, err := build(ctx, cfg.top, tb.TempDir())
	if err != nil {
		return nil, err
	}
	env := slices.Concat([]string{"HOST=127.0.0.1", "PORT=0"}, s.variables)
	f := &fleet{binary: binary, env: env, logs: cfg.logs, began: time.Now(), serving: make([]atomic.Pointer[life], s.processes)}
	tb.Cleanup(func() {
		for _, l := range f.lives {
			l.end(syscall.SIGKILL)
		}
	})
	for place := range f.serving {
		if err := f.start(ctx, place); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// clock returns for how long the fleet has been there.
func (f *fleet) clock() time.Duration { return time.Since(f.began) }

// pick returns one of the processes, which may have ended.
func (f *fleet) pick(random *rand.Rand) *life { return f.serving[random.IntN(len(f.serving))].Load() }

// start starts a process in the place and returns once it serves.
func (f *fleet) start(ctx context.Context, place int) error {
	number := len(f.lives) + 1
	l := &life{place: place + 1, number: number, ended: make(chan struct{})}
	log, err := os.Create(filepath.Join(f.logs, fmt.Sprintf("app-%d-%d.log", l.place, number)))
	if err != nil {
		return err
	}
	// It outlives the context: cleaning up ends it.
	l.cmd = exec.CommandContext(context.WithoutCancel(ctx), f.binary) //nolint:gosec // the one just built
	l.cmd.Env = f.env
	address, err := l.start(log)
	if err != nil {
		return err
	}
	f.changed.Lock()
	f.lives = append(f.lives, l)
	f.changed.Unlock()
	select {
	case l.address = <-address:
	case <-l.ended:
		return fmt.Errorf("%s ended before it served: see %s", l, log.Name())
	}
	f.serving[place].Store(l)
	return nil
}

// restart ends the process in the place by the signal, waits for a while, and
// starts another.
func (f *fleet) restart(ctx context.Context, place int, signal syscall.Signal, after time.Duration) error {
	f.serving[place].Load().end(signal)
	pause(ctx, after)
	return f.start(ctx, place)
}

// settle waits until the process in the place has counted what it called pending,
// but not for long. What it may lose when it is killed then hides no other mistake.
func (f *fleet) settle(ctx context.Context, place int) {
	l := f.serving[place].Load()
	for limit := f.clock() + 5*time.Second; l.visits.atRisk() > 0 && f.clock() < limit && ctx.Err() == nil; {
		pause(ctx, time.Millisecond)
	}
}

// stop stops all processes, each of which counts what it holds before it ends.
func (f *fleet) stop() {
	var wg sync.WaitGroup
	for place := range f.serving {
		wg.Go(func() { f.serving[place].Load().end(syscall.SIGTERM) })
	}
	wg.Wait()
}

// died says that a process has ended that nobody has asked to.
func (f *fleet) died() bool {
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
func (f *fleet) told() (sum told) {
	f.changed.Lock()
	defer f.changed.Unlock()
	for _, l := range f.lives {
		sum.add(l.visits.told())
	}
	return sum
}
