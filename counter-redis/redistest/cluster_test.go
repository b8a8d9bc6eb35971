package redistest

import (
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A client reaches every node, and goes on when one of them is gone.
func TestCluster(t *testing.T) {
	t.Parallel()
	for _, topology := range topologies() {
		t.Run(topology.name, func(t *testing.T) {
			t.Parallel()
			cluster := StartCluster(t, topology.Topology)
			client := clusterClient(t, cluster)
			key := func(i int) string { return "n:" + strconv.Itoa(i) }
			const keys = 100
			for i := range keys {
				increment(t, client, key(i))
			}
			stored := int64(0)
			for _, primary := range cluster.Primaries(t) {
				n := primary.Client().DBSize(t.Context()).Val()
				if n == 0 {
					t.Errorf("%s has no key", primary.Addr())
				}
				stored += n
			}
			if stored != keys {
				t.Errorf("the primaries have %d keys; want %d", stored, keys)
			}

			former := cluster.PrimaryOf(t, key(0))
			wantGet(t, former.Server, key(0), "1")
			for _, replica := range cluster.Replicas(t) {
				if got := replica.replicatesFrom(t.Context(), former); got == nil {
					awaitTail(t, former.Server, replica.Server)
				}
			}
			former.Kill()
			successor := cluster.PrimaryOf(t, key(0))
			if successor == former {
				t.Fatal("a killed primary serves")
			}
			for i := range keys {
				increment(t, client, key(i))
			}
			wantGet(t, successor.Server, key(0), "2")

			former.Restart()
			cluster.AwaitHealthy(t)
			if err := former.replicatesFrom(t.Context(), cluster.PrimaryOf(t, key(0))); err != nil {
				t.Error(err)
			}
			if n := len(cluster.Primaries(t)); n != 3 {
				t.Errorf("%d primaries; want 3", n)
			}
		})
	}
}

func clusterClient(t *testing.T, cluster *Cluster) *redis.ClusterClient {
	t.Helper()
	opts, err := redis.ParseClusterURL(cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	opts.MaxRedirects = -1 // no retries: what fails may have counted
	opts.DialerRetries = 1
	client := redis.NewClusterClient(opts)
	t.Cleanup(func() { _ = client.Close() })
	return client
}
