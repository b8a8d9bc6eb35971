//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	counterfile "example.com/herokuapp/counter-file"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// setup is a store as people run it.
type setup struct {
	name      string             // what it is, and the settings that matter
	processes int                // how many serve the page
	variables []string           // they configure the app for it, as NAME=value
	lines     []*redistest.Proxy // to its servers
	faults    func(*fleet) []fault
	open      func(context.Context) (historian, error) // once no process has it open
}

type historian interface {
	counter.Store
	counter.Historian
}

// setups returns the names that openSetup takes.
func setups() []string { return []string{"single", "sentinel", "cluster", "file"} }

// openSetup starts the set-up with the name that cfg has, to end with the test.
func openSetup(tb testing.TB, cfg config) setup {
	tb.Helper()
	switch cfg.setup {
	case "sentinel":
		return startSentinel(tb, cfg.safe).setup()
	case "cluster":
		return startCluster(tb, cfg.safe).setup()
	case "file":
		return newFile(tb)
	default:
		return startSingle(tb, cfg.safe)
	}
}

// counterKey is where the app keeps the count of the page.
const counterKey = "counter_key"

// counted asks the store for the counter's value, and how much of it is in the hours since
// the given one.
func (s setup) counted(ctx context.Context, since counter.Hour) (value, inHours int64, err error) {
	store, err := s.open(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer store.Close()
	if value, err = store.Get(ctx, counterKey); err != nil {
		return 0, 0, err
	}
	for b, err := range store.History(ctx, counterKey, since, counter.HourOf(time.Now())) {
		if err != nil {
			return 0, 0, err
		}
		if b.Hours == 1 {
			inHours += b.Count
		}
	}
	return value, inHours, nil
}

// newFile is one file, which one process of the app has open.
func newFile(tb testing.TB) setup {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "counts.db")
	return setup{
		name: "file, one process", processes: 1,
		variables: []string{"DATA_FILE=" + path},
		faults:    appFaults,
		open:      func(context.Context) (historian, error) { return counterfile.Open(path, counterfile.Options{}) },
	}
}

// severalProcesses share one Redis.
const severalProcesses = 4

// onRedis is a set-up with these lines to its servers, whose faults are added to those of the
// app and of the lines.
func onRedis(name, url string, lines []*redistest.Proxy, ofServers ...fault) setup {
	return setup{
		name: name, processes: severalProcesses,
		variables: []string{"REDIS_URL=" + url},
		lines:     lines,
		faults:    func(f *fleet) []fault { return slices.Concat(appFaults(f), lineFaults(lines), ofServers) },
		open: func(ctx context.Context) (historian, error) {
			return counterredis.Open(ctx, url, counterredis.Options{})
		},
	}
}

// freeze is how long a server is stopped.
const freeze = 3 * time.Second

// startSingle starts one Redis server. Safe, each addition is on disk before it is
// answered; if not, snapshots are all there is.
func startSingle(tb testing.TB, safe bool) setup {
	tb.Helper()
	name, args := "single, appendonly yes, appendfsync always", []string{"--appendonly", "yes", "--appendfsync", "always"}
	if !safe {
		name, args = "single, appendonly no, a snapshot each second", []string{"--appendonly", "no", "--save", "1 1"}
	}
	server := redistest.Start(tb, args...)
	line := redistest.StartProxy(tb, server.Addr())
	return onRedis(
		name, "redis://"+line.Addr(), []*redistest.Proxy{line},
		fault{"server stopped", func(ctx context.Context, _ *rand.Rand) error {
			server.Stop()
			pause(ctx, freeze)
			server.Continue()
			return nil
		}},
		fault{"server killed", func(ctx context.Context, random *rand.Rand) error {
			server.Kill()
			pause(ctx, between(random, 0, 2*time.Second))
			server.Restart()
			return nil
		}},
	)
}
