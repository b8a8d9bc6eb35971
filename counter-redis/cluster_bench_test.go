package counterredis_test

import (
	"fmt"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// BenchmarkCluster compares a Cluster of three primaries with one server, the
// baseline, for clients that gather, each with connections of its own as a process
// has. All share the machine's processors, so the time says little; how much of a
// processor the busiest server needs says what servers of their own could take.
func BenchmarkCluster(b *testing.B) {
	const callers = 64 // of each client
	cluster := redistest.StartCluster(b, redistest.Topology{Args: []string{"--appendonly", "no"}})
	var primaries []*redistest.Server
	for _, node := range cluster.Primaries(b) {
		primaries = append(primaries, node.Server)
	}
	single := redistest.Start(b, "--appendonly", "no")
	for _, counters := range []int{1, 1000} {
		for _, clients := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("counters=%d/clients=%d", counters, clients), func(b *testing.B) {
				b.Run("baseline", func(b *testing.B) {
					benchmarkAdditions(b, []*redistest.Server{single}, clients*callers, counters, gatherers(b, single.URL(), clients)...)
				})
				b.Run("cluster", func(b *testing.B) {
					benchmarkAdditions(b, primaries, clients*callers, counters, gatherers(b, cluster.URL(), clients)...)
				})
			})
		}
	}
}

// gatherers returns so many clients of the server or Cluster.
func gatherers(b *testing.B, url string, n int) []func(string) error {
	b.Helper()
	adders := make([]func(string) error, n)
	for i := range adders {
		adders[i] = openGatheredURL(b, url)
	}
	return adders
}
