package redistest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
)

const (
	slotCount      = 16384
	clusterShards  = 3
	clusterTimeout = 1000 // milliseconds until a node that does not answer is considered down
)

// Cluster is three primaries, each with a third of the slots, and a replica of each. Call its
// methods from the test's goroutine. If one fails, so does the test.
type Cluster struct {
	nodes []*Node // first those that began as primaries, then their replicas, in the same order
}

// StartCluster starts the servers and returns once they are as [Cluster.AwaitHealthy] says. A
// primary that is gone for a second is replaced within a few seconds.
func StartCluster(tb testing.TB, topology Topology) *Cluster {
	tb.Helper()
	c := &Cluster{}
	for range 2 * clusterShards {
		server := &Server{cluster: true, args: []string{
			"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
			"--cluster-node-timeout", strconv.Itoa(clusterTimeout),
		}}
		c.nodes = append(c.nodes, startNode(tb, topology, server, func(port, announced int) []string {
			return []string{
				"--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", strconv.Itoa(announced),
				"--cluster-announce-bus-port", strconv.Itoa(port + busOffset),
			}
		}))
	}
	c.join(tb)
	c.AwaitHealthy(tb)
	return c
}

// join makes a Cluster of the nodes.
func (c *Cluster) join(tb testing.TB) {
	tb.Helper()
	command := func(node *Node, args ...any) string {
		tb.Helper()
		reply, err := node.ask(tb.Context(), append([]any{"cluster"}, args...)...).Text()
		if err != nil {
			tb.Fatalf("redistest: CLUSTER %v: %v", args[0], err)
		}
		return reply
	}
	for i, node := range c.nodes {
		command(node, "set-config-epoch", i+1)
		if i < clusterShards {
			slots := []any{"addslots"}
			for slot := slotCount * i / clusterShards; slot < slotCount*(i+1)/clusterShards; slot++ {
				slots = append(slots, slot)
			}
			command(node, slots...)
		}
		for _, other := range c.nodes[:i] { // by gossip alone it takes longer
			command(node, "meet", "127.0.0.1", portOf(other.announcedAddr()), other.port+busOffset)
		}
	}
	for i, primary := range c.nodes[:clusterShards] {
		id := command(primary, "myid")
		await(tb, "CLUSTER REPLICATE", func(ctx context.Context) error { // until the primary is known
			return c.nodes[clusterShards+i].ask(ctx, "cluster", "replicate", id).Err()
		})
	}
}

// URL returns the addresses of all nodes as go-redis's ParseClusterURL takes them.
func (c *Cluster) URL() string {
	addrs := make([]string, 0, len(c.nodes))
	for _, node := range c.nodes {
		addrs = append(addrs, node.announcedAddr())
	}
	return severalURL(addrs)
}

// Nodes returns all nodes. The first half began as the primaries, the second half as their
// replicas, in the same order.
func (c *Cluster) Nodes() []*Node { return slices.Clone(c.nodes) }

// Primaries returns the nodes that serve the slots, in the order of Nodes. It waits until every
// slot is served.
func (c *Cluster) Primaries(tb testing.TB) []*Node {
	tb.Helper()
	owners := c.awaitOwners(tb)
	return slices.DeleteFunc(c.Nodes(), func(node *Node) bool { return !slices.Contains(owners, node) })
}

// Replicas returns the nodes that are not in Primaries, even those that are down.
func (c *Cluster) Replicas(tb testing.TB) []*Node {
	tb.Helper()
	owners := c.awaitOwners(tb)
	return slices.DeleteFunc(c.Nodes(), func(node *Node) bool { return slices.Contains(owners, node) })
}

// PrimaryOf returns the node that serves the key's slot. It waits until every slot is served.
func (c *Cluster) PrimaryOf(tb testing.TB, key string) *Node {
	tb.Helper()
	owners := c.awaitOwners(tb)
	slot, err := owners[0].ask(tb.Context(), "cluster", "keyslot", key).Int()
	if err != nil {
		tb.Fatalf("redistest: CLUSTER KEYSLOT: %v", err)
	}
	return owners[slot]
}

// awaitOwners returns the server of each slot.
func (c *Cluster) awaitOwners(tb testing.TB) []*Node {
	tb.Helper()
	var owners []*Node
	await(tb, "all slots served", func(ctx context.Context) (err error) {
		owners, err = c.owners(ctx)
		return err
	})
	return owners
}

// owners returns the server of each slot, by what each node says of itself. The newest claim
// counts, not that of a primary that comes back late.
func (c *Cluster) owners(ctx context.Context) ([]*Node, error) {
	owners, epochs := make([]*Node, slotCount), make([]int64, slotCount)
	for _, node := range c.nodes {
		members, err := node.members(ctx)
		if err != nil {
			continue // others may have taken over its slots
		}
		for _, m := range members {
			if !m.is("myself") || !m.is("master") {
				continue
			}
			for slot := range m.slots() {
				if owners[slot] == nil || m.epoch > epochs[slot] {
					owners[slot], epochs[slot] = node, m.epoch
				}
			}
		}
	}
	if slot := slices.Index(owners, nil); slot >= 0 {
		return nil, fmt.Errorf("nobody serves slot %d", slot)
	}
	return owners, nil
}

// AwaitHealthy returns once every node is up and reports the cluster's state as ok, all agree
// on which node serves which slot, and every other node is a replica whose link is up.
func (c *Cluster) AwaitHealthy(tb testing.TB) {
	tb.Helper()
	await(tb, "Cluster", c.healthy)
}

func (c *Cluster) healthy(ctx context.Context) error {
	owners, err := c.owners(ctx)
	if err != nil {
		return err
	}
	var agreed string
	for _, node := range c.nodes {
		text, err := node.ask(ctx, "cluster", "info").Text()
		if err != nil {
			return err
		}
		if info := fields(text); info["cluster_state"] != "ok" || info["cluster_slots_ok"] != strconv.Itoa(slotCount) {
			return fmt.Errorf("to %s the cluster's state is %s", node.Addr(), info["cluster_state"])
		}
		if !slices.Contains(owners, node) {
			if err := node.replicates(ctx); err != nil {
				return err
			}
		}
		members, err := node.members(ctx)
		if err != nil {
			return err
		}
		said, err := c.roles(members)
		if err != nil {
			return fmt.Errorf("%s: %w", node.Addr(), err)
		}
		if agreed == "" {
			agreed = said
		}
		if said != agreed {
			return errors.New("the nodes don't agree who serves what")
		}
	}
	return nil
}
