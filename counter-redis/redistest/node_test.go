//go:build unix

package redistest

import (
	"context"
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

func startProxied(t *testing.T) map[string]proxiedSetup {
	t.Helper()
	topology := Topology{Proxied: true, Args: []string{"--maxmemory", "1gb"}}
	sentinel, cluster := StartSentinel(t, topology), StartCluster(t, topology)
	return map[string]proxiedSetup{
		"sentinel": {failoverClient(t, sentinel), sentinel.Nodes(), sentinel.Primary(t), sentinel.healthy},
		"cluster":  {clusterClient(t, cluster), cluster.Nodes(), cluster.PrimaryOf(t, proxiedKey), cluster.healthy},
	}
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
	for name, setup := range startProxied(t) {
		t.Run(name, func(t *testing.T) {
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
			setup.setFaults(Faults{})
			increment(t, setup.client, proxiedKey)
			wantGet(t, setup.primary.Server, proxiedKey, "3")
		})
	}
}

// Replicas and sentinels don't.
func TestProxiedServers(t *testing.T) {
	for name, setup := range startProxied(t) {
		t.Run(name, func(t *testing.T) {
			increment(t, setup.client, proxiedKey)
			servers := setup.primary.Proxy.servers()
			setup.primary.Proxy.Cut()
			if _, _, cuts := setup.primary.Proxy.Lost(); cuts == 0 {
				t.Error("the client's connection is not cut")
			}
			if now := setup.primary.Proxy.servers(); !maps.Equal(servers, now) {
				t.Errorf("%d lines of servers before Cut, and %d after it", len(servers), len(now))
			}

			setup.setFaults(Faults{LoseRequests: 1, LoseReplies: 1, Refuse: true})
			direct := setup.primary.Client()
			if err := direct.Incr(t.Context(), proxiedKey).Err(); err != nil {
				t.Fatal(err)
			}
			replicas := setup.replicas(t)
			replicas[0].Restart() // a new connection is none of a client either
			for _, replica := range replicas {
				awaitTail(t, setup.primary.Server, replica.Server)
			}
			await(t, "health under faults", setup.healthy)
		})
	}
}

func TestProxiedCutReplication(t *testing.T) {
	for name, setup := range startProxied(t) {
		t.Run(name, func(t *testing.T) {
			increment(t, setup.client, proxiedKey)
			replicas := setup.replicas(t)
			for _, replica := range replicas {
				awaitTail(t, setup.primary.Server, replica.Server)
			}
			value := func(node *Node) string {
				return node.Client().Do(t.Context(), "object", "freq", proxiedKey).String()
			}
			_ = value
			before := offsets(t, replicas)
			setup.primary.Proxy.CutReplication()
			increment(t, setup.client, proxiedKey)
			wantGet(t, setup.primary.Server, proxiedKey, "2")
			if after := offsets(t, replicas); !maps.Equal(before, after) {
				t.Errorf("replicas that are cut off were at %v and are at %v", before, after)
			}
			setup.primary.Proxy.HealReplication()
			for _, replica := range replicas {
				replica.AwaitReplication(t)
				awaitTail(t, setup.primary.Server, replica.Server)
			}
		})
	}
}

// offsets returns how far the replicas are.
func offsets(t *testing.T, replicas []*Node) map[string]string {
	t.Helper()
	offsets := map[string]string{}
	for _, replica := range replicas {
		offsets[replica.Addr()] = replication(t, replica.Server)["slave_repl_offset"]
	}
	return offsets
}

// servers returns the lines that servers have opened.
func (p *Proxy) servers() map[*line]role {
	p.mu.Lock()
	defer p.mu.Unlock()
	servers := maps.Clone(p.lines)
	maps.DeleteFunc(servers, func(_ *line, role role) bool { return role == roleClient })
	return servers
}
