package redistest

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A client goes on when the primary is gone, and the old primary joins the new one.
func TestSentinel(t *testing.T) {
	t.Parallel()
	for _, topology := range topologies() {
		t.Run(topology.name, func(t *testing.T) {
			t.Parallel()
			sentinel := StartSentinel(t, topology.Topology)
			client := failoverClient(t, sentinel)
			former := sentinel.Primary(t)
			if former != sentinel.Nodes()[0] {
				t.Fatalf("%s is the primary; want the first node", former.Addr())
			}
			increment(t, client, "n")
			wantGet(t, former.Server, "n", "1")
			if got := client.Wait(t.Context(), 2, 0).Val(); got != 2 {
				t.Fatalf("WAIT returns %d; want that both replicas have it", got)
			}

			former.Kill()
			if primary := sentinel.NextPrimary(t, former); primary == former {
				t.Fatal("a killed primary remains")
			}
			increment(t, client, "n")
			if got := client.Get(t.Context(), "n").Val(); got != "2" {
				t.Errorf("n is %q; want what it was and one more", got)
			}

			former.Restart()
			sentinel.AwaitHealthy(t)
			if err := former.replicatesFrom(t.Context(), sentinel.Primary(t)); err != nil {
				t.Error(err)
			}
			former.AwaitReplication(t)
			wantGet(t, former.Server, "n", "2")
		})
	}
}

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	sentinel := StartSentinel(t, Topology{})
	former := sentinel.Primary(t)
	sentinel.Failover(t)
	if sentinel.Primary(t) == former {
		t.Error("Failover leaves the primary")
	}
	sentinel.AwaitHealthy(t)

	// What Sentinel has said is kept.
	former.Restart()
	if role := replicationOf(t, former.Server)["role"]; role != "slave" {
		t.Errorf("restarted, the former primary is a %s", role)
	}
}

func failoverClient(t *testing.T, sentinel *Sentinel) *redis.Client {
	t.Helper()
	opts, err := redis.ParseFailoverURL(sentinel.URL())
	if err != nil {
		t.Fatal(err)
	}
	opts.MaxRetries = -1 // what fails may have counted
	client := redis.NewFailoverClient(opts)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// topologies are those that each test of one is about.
func topologies() []struct {
	name string
	Topology
} {
	return []struct {
		name string
		Topology
	}{{"plain", Topology{}}, {"proxied", Topology{Proxied: true}}}
}

// increment adds one to the key, once the set-up is able to.
func increment(t *testing.T, client redis.UniversalClient, key string) {
	t.Helper()
	await(t, "INCR "+key, func(ctx context.Context) error {
		err := client.Incr(ctx, key).Err()
		if cluster, ok := client.(*redis.ClusterClient); ok && err != nil {
			cluster.ReloadState(ctx) // which it does not do on its own for a node that is gone
		}
		return err
	})
}

func replicationOf(t *testing.T, server *Server) (info map[string]string) {
	t.Helper()
	await(t, "INFO", func(ctx context.Context) (err error) {
		info, err = server.replication(ctx)
		return err
	})
	return info
}
