package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/herokuapp/counter-redis/redistest"
)

func TestRedisThroughTLS(t *testing.T) {
	t.Parallel()
	server := redistest.StartTLS(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, server.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	for n, trust := range []string{
		"REDIS_TLS_SKIP_VERIFY=true", "REDIS_TLS_CA=" + file, "REDIS_TLS_CA=" + string(server.CA()),
	} {
		startProcess(t, "REDIS_URL="+server.URL(), trust, patient).wantView(t, int64(n+1))
	}
}

// Whatever the load, the app has no more connections than it may.
func TestStaysWithinItsConnections(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"1", "4"} {
		t.Run(size, func(t *testing.T) {
			server := redistest.Start(t, "--appendonly", "no")
			// The URL asks for more, and the variable is what counts.
			app := startProcess(t, "REDIS_URL="+server.URL()+"?pool_size=50&min_idle_conns=20", "REDIS_POOL_SIZE="+size, patient)
			most := watchConnections(t, server)
			wantDistinctViews(t, 1000, app)
			if got, limit := most(), int(size[0]-'0'); got < 1 || got > limit {
				t.Errorf("%d connections at once; want 1 to %d", got, limit)
			}
		})
	}
}

// watchConnections counts the connections of others to the server, until the
// function it returns is called, which returns the most there were.
func watchConnections(t *testing.T, server *redistest.Server) (most func() int) {
	t.Helper()
	conn := server.Client().Conn()
	t.Cleanup(func() { conn.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	var seen int
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			seen = max(seen, connections(ctx, t, conn))
		}
	})
	return func() int {
		cancel()
		wg.Wait()
		return seen
	}
}

// connections counts those to the server but for the one that asks.
func connections(ctx context.Context, t *testing.T, conn *redis.Conn) int {
	t.Helper()
	list, err := conn.ClientList(ctx).Result()
	if err != nil && ctx.Err() == nil {
		t.Error(err)
	}
	return strings.Count(list, "\n") - 1
}
