//go:build unix

package faultrun

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"example.com/herokuapp/counter-redis/redistest"
)

// replicated is several servers with replicas that can replace primaries.
type replicated struct {
	name, url string
	nodes     []*redistest.Node
	replicas  int // of each primary
	safe      bool

	primary      func() *redistest.Node // that has the counter
	awaitHealthy func()
	// awaitFailover returns once another node has the counter, in place of this one.
	awaitFailover func(former *redistest.Node)
}

// startCluster starts three primaries with a replica each.
func startCluster(tb testing.TB, safe bool) replicated {
	tb.Helper()
	const replicas = 1
	c := redistest.StartCluster(tb, replication(replicas, safe))
	return replicated{
		name: "cluster, three primaries with a replica each", url: c.URL(), nodes: c.Nodes(), replicas: replicas, safe: safe,
		primary:      func() *redistest.Node { return c.PrimaryOf(tb, counterKey) },
		awaitHealthy: func() { c.AwaitHealthy(tb) },
		// Until its replica takes over there is no primary.
		awaitFailover: func(*redistest.Node) { c.PrimaryOf(tb, counterKey) },
	}
}

// startSentinel starts a primary with two replicas, and sentinels.
func startSentinel(tb testing.TB, safe bool) replicated {
	tb.Helper()
	const replicas = 2
	s := redistest.StartSentinel(tb, replication(replicas, safe))
	return replicated{
		name: "sentinel, a primary and two replicas", url: s.URL(), nodes: s.Nodes(), replicas: replicas, safe: safe,
		primary:       func() *redistest.Node { return s.Primary(tb) },
		awaitHealthy:  func() { s.AwaitHealthy(tb) },
		awaitFailover: func(former *redistest.Node) { s.NextPrimary(tb, former) },
	}
}

// replication returns how to start servers if each primary has that many replicas. If safe, a
// primary refuses writes unless all its replicas are connected.
func replication(replicas int, safe bool) redistest.Topology {
	topology := redistest.Topology{Proxied: true}
	if safe {
		topology.Args = []string{"--min-replicas-to-write", strconv.Itoa(replicas)}
	}
	return topology
}

func (r replicated) setup() Setup {
	wait := 0
	name := r.name + ", REDIS_WAIT_REPLICAS=0"
	if r.safe {
		wait = r.replicas
		name = fmt.Sprintf("%s, REDIS_WAIT_REPLICAS=%d, min-replicas-to-write %[2]d", r.name, wait)
	}
	var lines []*redistest.Proxy
	for _, node := range r.nodes {
		lines = append(lines, node.Proxy)
	}
	s := onRedis(
		name, r.url, lines,
		fault{kind: "primary killed", strike: func(ctx context.Context, random *rand.Rand) error {
			primary := r.primary()
			primary.Kill()
			r.awaitFailover(primary)
			pause(ctx, between(random, 0, time.Second))
			primary.Restart()
			r.awaitHealthy()
			return nil
		}},
		// It may be back before the others notice.
		fault{kind: "server killed", strike: func(ctx context.Context, random *rand.Rand) error {
			node := r.nodes[random.IntN(len(r.nodes))]
			node.Kill()
			pause(ctx, between(random, 0, 2*time.Second))
			node.Restart()
			r.awaitHealthy()
			return nil
		}},
		fault{kind: "replicas cut off", strike: func(ctx context.Context, random *rand.Rand) error {
			line := r.primary().Proxy
			line.CutReplication()
			pause(ctx, between(random, time.Second, freeze))
			line.HealReplication()
			r.awaitHealthy()
			return nil
		}},
	)
	s.variables = append(s.variables, "REDIS_WAIT_REPLICAS="+strconv.Itoa(wait))
	return s
}
