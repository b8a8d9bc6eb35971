//go:build unix

package faultrun

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

// Setup is a store as people run it.
type Setup struct {
	name      string             // what it is, and the settings that matter
	processes int                // how many serve the page
	variables []string           // of the app's environment, as NAME=value
	lines     []*redistest.Proxy // to its servers
	faults    func(*Fleet) []fault
	open      func(context.Context) (historian, error) // once no process has it open
	// empty, if not nil, reads the counts that would end with a process. Nobody opens a page
	// meanwhile.
	empty func(ctx context.Context, l *life, surfaces []Surface) error
}

type historian interface {
	counter.Store
	counter.Historian
}

// Setups returns the names that Open takes.
func Setups() []string { return []string{"single", "sentinel", "cluster", "file", "memory"} }

// Open starts the set-up named by cfg. It ends with the test.
func Open(tb testing.TB, cfg Config) Setup {
	tb.Helper()
	switch cfg.Setup {
	case "sentinel":
		return startSentinel(tb, cfg.Safe).setup()
	case "cluster":
		return startCluster(tb, cfg.Safe).setup()
	case "file":
		return newFile(tb)
	case "memory":
		return newMemory()
	default:
		return startSingle(tb, cfg.Safe)
	}
}

// count is what the store has of a counter.
type count struct {
	value   int64
	inHours int64 // so much of it is in the hours of the run
}

// counted asks the store for the counters' values, and how much of them is in the hours since
// the given one.
func (s Setup) counted(ctx context.Context, names []string, since counter.Hour) (map[string]count, error) {
	store, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	counts := map[string]count{}
	for _, name := range names {
		var c count
		if c.value, err = store.Get(ctx, name); err != nil {
			return nil, err
		}
		for b, err := range store.History(ctx, name, since, counter.HourOf(time.Now())) {
			if err != nil {
				return nil, err
			}
			if b.Hours == 1 {
				c.inHours += b.Count
			}
		}
		counts[name] = c
	}
	return counts, nil
}

// newFile is one file, which one process of the app has open.
func newFile(tb testing.TB) Setup {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "counts.db")
	return Setup{
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
func onRedis(name, url string, lines []*redistest.Proxy, ofServers ...fault) Setup {
	return Setup{
		name: name, processes: severalProcesses,
		variables: []string{"REDIS_URL=" + url},
		lines:     lines,
		faults:    func(f *Fleet) []fault { return slices.Concat(appFaults(f), lineFaults(lines), ofServers) },
		open: func(ctx context.Context) (historian, error) {
			return counterredis.Open(ctx, url, counterredis.Options{})
		},
	}
}

// freeze is how long a server is stopped.
const freeze = 3 * time.Second

// startSingle starts one Redis server. Safe, each addition is on disk before it is
// answered; if not, snapshots are all there is.
func startSingle(tb testing.TB, safe bool) Setup {
	tb.Helper()
	name, args := "single, appendonly yes, appendfsync always", []string{"--appendonly", "yes", "--appendfsync", "always"}
	if !safe {
		name, args = "single, appendonly no, a snapshot each second", []string{"--appendonly", "no", "--save", "1 1"}
	}
	server := redistest.Start(tb, args...)
	line := redistest.StartProxy(tb, server.Addr())
	return onRedis(
		name, "redis://"+line.Addr(), []*redistest.Proxy{line},
		fault{kind: "server stopped", strike: func(ctx context.Context, _ *rand.Rand) error {
			server.Stop()
			pause(ctx, freeze)
			server.Continue()
			return nil
		}},
		fault{kind: "server killed", strike: func(ctx context.Context, random *rand.Rand) error {
			server.Kill()
			pause(ctx, between(random, 0, 2*time.Second))
			server.Restart()
			return nil
		}},
	)
}
