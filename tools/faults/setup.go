//go:build unix

package main

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/herokuapp/counter-redis/redistest"
)

// setup is a store as people run it.
type setup interface {
	// String says what it is, and the settings that matter.
	String() string
	// processes is how many serve the page.
	processes() int
	// variables configure the app for it, as NAME=value.
	variables() []string
	// faults are those of the app's processes, of the lines to its servers, and of these.
	faults(f *fleet) []fault
	// lines are those to its servers.
	lines() []*redistest.Proxy
	// counted asks the server that has the counter for its value.
	counted(ctx context.Context) (int64, error)
}

// setups returns the names that open takes.
func setups() []string { return []string{"single", "sentinel", "cluster", "file"} }

// severalProcesses share one Redis.
const severalProcesses = 4

// open starts the set-up with that name, to end with the test.
func open(tb testing.TB, cfg config) setup {
	tb.Helper()
	switch cfg.setup {
	case "sentinel":
		return openSentinel(tb, cfg.safe)
	case "cluster":
		return openCluster(tb, cfg.safe)
	case "file":
		return openFile(tb)
	default:
		return openSingle(tb, cfg.safe)
	}
}

// counterKey is where the app keeps the count of the page.
const counterKey = "counter_key"

// readCounter reads the counter; there is none as long as nothing was counted.
func readCounter(ctx context.Context, client *redis.Client) (int64, error) {
	value, err := client.Get(ctx, counterKey).Int64()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	return value, err
}
