//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// freeze is how long a server is stopped.
const freeze = 3 * time.Second

// single is one Redis server.
type single struct {
	server *redistest.Server
	proxy  *redistest.Proxy
	safe   bool
}

// openSingle starts the server. Safe, each addition is on disk before it is
// answered; if not, snapshots are all there is.
func openSingle(tb testing.TB, safe bool) *single {
	tb.Helper()
	args := []string{"--appendonly", "yes", "--appendfsync", "always"}
	if !safe {
		args = []string{"--appendonly", "no", "--save", "1 1"}
	}
	server := redistest.Start(tb, args...)
	return &single{server: server, proxy: redistest.StartProxy(tb, server.Addr()), safe: safe}
}

func (s *single) String() string {
	if s.safe {
		return "single, appendonly yes, appendfsync always"
	}
	return "single, appendonly no, a snapshot each second"
}

func (s *single) processes() int { return severalProcesses }

func (s *single) variables() []string { return []string{"REDIS_URL=redis://" + s.proxy.Addr()} }

func (s *single) lines() []*redistest.Proxy { return []*redistest.Proxy{s.proxy} }

func (s *single) faults(f *fleet) []fault {
	return slices.Concat(appFaults(f), lineFaults(s.lines()), []fault{
		{"server stopped", func(ctx context.Context, _ *rand.Rand) error {
			s.server.Stop()
			pause(ctx, freeze)
			s.server.Continue()
			return nil
		}},
		{"server killed", func(ctx context.Context, random *rand.Rand) error {
			s.server.Kill()
			pause(ctx, between(random, 0, 2*time.Second))
			s.server.Restart()
			return nil
		}},
	})
}

func (s *single) counted(ctx context.Context) (int64, error) {
	return readCounter(ctx, s.server.Client())
}
