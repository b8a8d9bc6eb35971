//go:build unix

package main

import (
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// openCluster starts three primaries with a replica each.
func openCluster(tb testing.TB, safe bool) *replicated {
	tb.Helper()
	const replicas = 1
	c := redistest.StartCluster(tb, replication(replicas, safe))
	return &replicated{
		name: "cluster, three primaries with a replica each", url: c.URL(), nodes: c.Nodes(), replicas: replicas, safe: safe,
		primary:      func() *redistest.Node { return c.PrimaryOf(tb, counterKey) },
		awaitHealthy: func() { c.AwaitHealthy(tb) },
		// Until its replica takes over there is no primary.
		awaitFailover: func(*redistest.Node) { c.PrimaryOf(tb, counterKey) },
	}
}
