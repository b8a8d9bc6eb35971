//go:build unix

package main

import (
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// openSentinel starts a primary with two replicas, and sentinels.
func openSentinel(tb testing.TB, safe bool) *replicated {
	tb.Helper()
	const replicas = 2
	s := redistest.StartSentinel(tb, replication(replicas, safe))
	return &replicated{
		name: "sentinel, a primary and two replicas", url: s.URL(), nodes: s.Nodes(), replicas: replicas, safe: safe,
		primary:       func() *redistest.Node { return s.Primary(tb) },
		awaitHealthy:  func() { s.AwaitHealthy(tb) },
		awaitFailover: func(former *redistest.Node) { s.NextPrimary(tb, former) },
	}
}
