package redistest

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/redis/go-redis/v9"
)

// proxiedSetup is a set-up whose nodes have proxies.
type proxiedSetup struct {
	client  redis.UniversalClient
	nodes   []*Node
	primary *Node // of the key
	healthy func(context.Context) error
}

const proxiedKey = "n"

// testProxied runs the test with each set-up.
func testProxied(t *testing.T, test func(t *testing.T, setup proxiedSetup)) {
	t.Helper()
	t.Parallel()
	topology := Topology{Proxied: true, Args: []string{"--maxmemory", "1gb"}}
	t.Run("sentinel", func(t *testing.T) {
		t.Parallel()
		sentinel := StartSentinel(t, topology)
		test(t, proxiedSetup{failoverClient(t, sentinel), sentinel.Nodes(), sentinel.Primary(t), sentinel.healthy})
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		cluster := StartCluster(t, topology)
		test(t, proxiedSetup{clusterClient(t, cluster), cluster.Nodes(), cluster.PrimaryOf(t, proxiedKey), cluster.healthy})
	})
}

func (s proxiedSetup) setFaults(faults Faults) {
	for _, node := range s.nodes {
		node.Proxy.SetFaults(faults)
	}
}

// replicas returns the primary's.
func (s proxiedSetup) replicas(t *testing.T) (replicas []*Node) {
	t.Helper()
	for _, node := range s.nodes {
		if node.replicatesFrom(t.Context(), s.primary) == nil {
			replicas = append(replicas, node)
		}
	}
	if len(replicas) == 0 {
		t.Fatal("the primary has no replica")
	}
	return replicas
}

// Clients meet with the faults of the nodes' proxies.
func TestProxiedClients(t *testing.T) {
	testProxied(t, func(t *testing.T, setup proxiedSetup) {
		t.Helper()
		wantConfig(t, setup.primary.Server, "maxmemory", "1073741824")
		increment(t, setup.client, proxiedKey)
		proxy := setup.primary.Proxy
		setup.setFaults(Faults{LoseReplies: 1})
		if err := setup.client.Incr(t.Context(), proxiedKey).Err(); err == nil {
			t.Error("INCR whose reply is lost succeeds")
		}
		wantGet(t, setup.primary.Server, proxiedKey, "2")
		setup.setFaults(Faults{LoseRequests: 1})
		if err := setup.client.Incr(t.Context(), proxiedKey).Err(); err == nil {
			t.Error("INCR that is lost succeeds")
		}
		wantGet(t, setup.primary.Server, proxiedKey, "2")
		if requests, replies, cuts := proxy.Lost(); requests == 0 || replies == 0 || cuts != 0 {
			t.Errorf("the proxy says that it lost %d requests and %d replies, and cut %d lines", requests, replies, cuts)
		}
		setup.setFaults(Faults{Refuse: true})
		if err := setup.client.Incr(t.Context(), proxiedKey).Err(); err == nil {
			t.Error("a new connection is served")
		}
		setup.setFaults(Faults{})
		increment(t, setup.client, proxiedKey)
		wantGet(t, setup.primary.Server, proxiedKey, "3")
	})
}

// Replicas and sentinels don't.
func TestProxiedServers(t *testing.T) {
	testProxied(t, func(t *testing.T, setup proxiedSetup) {
		t.Helper()
		increment(t, setup.client, proxiedKey)
		servers := setup.primary.Proxy.servers()
		setup.primary.Proxy.Cut()
		if _, _, cuts := setup.primary.Proxy.Lost(); cuts == 0 {
			t.Error("the client's connection is not cut")
		}
		now := setup.primary.Proxy.servers()
		for l := range servers {
			if _, open := now[l]; !open {
				t.Error("Cut ends the line of a server")
			}
		}

		setup.setFaults(Faults{LoseRequests: 1, LoseReplies: 1, Refuse: true})
		direct := setup.primary.Client()
		if err := direct.Incr(t.Context(), proxiedKey).Err(); err != nil {
			t.Fatal(err)
		}
		replicas := setup.replicas(t)
		replicas[0].Restart() // its new connection is not a client's either
		for _, replica := range replicas {
			awaitTail(t, setup.primary.Server, replica.Server)
		}
		await(t, "health under faults", setup.healthy)
	})
}

func TestProxiedCutReplication(t *testing.T) {
	testProxied(t, func(t *testing.T, setup proxiedSetup) {
		t.Helper()
		increment(t, setup.client, proxiedKey)
		replicas := setup.replicas(t)
		for _, replica := range replicas {
			awaitTail(t, setup.primary.Server, replica.Server)
		}
		setup.primary.Proxy.CutReplication()
		increment(t, setup.client, proxiedKey)
		wantGet(t, setup.primary.Server, proxiedKey, "2")
		for _, replica := range replicas {
			awaitLinkDown(t, replica)
			wantStale(t, replica, "1")
		}
		setup.primary.Proxy.HealReplication()
		for _, replica := range replicas {
			replica.AwaitReplication(t)
			awaitTail(t, setup.primary.Server, replica.Server)
		}
	})
}

// awaitLinkDown returns once the replica knows that it is cut off.
func awaitLinkDown(t *testing.T, replica *Node) {
	t.Helper()
	await(t, "a link that is cut", func(ctx context.Context) error {
		info, err := replica.replication(ctx)
		if err == nil && info["master_link_status"] == "up" {
			err = errors.New("it is up")
		}
		return err
	})
}

// wantStale reads the key from a replica, that of a Cluster too.
func wantStale(t *testing.T, replica *Node, want string) {
	t.Helper()
	conn := replica.Client().Conn()
	defer conn.Close()
	_ = conn.ReadOnly(t.Context()).Err() // which is for Cluster alone
	if got, err := conn.Get(t.Context(), proxiedKey).Result(); got != want {
		t.Errorf("a replica has %q, %v; want %q", got, err, want)
	}
}

// servers returns the lines that servers have opened.
func (p *Proxy) servers() map[*line]role {
	p.mu.Lock()
	defer p.mu.Unlock()
	servers := maps.Clone(p.lines)
	maps.DeleteFunc(servers, func(_ *line, role role) bool { return role == roleClient })
	return servers
}
