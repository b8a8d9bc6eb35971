package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// primaryName is what the sentinels call the primary.
const primaryName = "primary"

// Sentinel is a primary with two replicas, and three sentinels, two of which have to agree that
// the primary is down. Call its methods from the test's goroutine. If one fails, so does the test.
type Sentinel struct {
	nodes     []*Node
	sentinels []*Server
}

// StartSentinel starts the servers and returns once they are as [Sentinel.AwaitHealthy] says. A
// primary that is gone for a second is replaced within a few seconds.
func StartSentinel(tb testing.TB, topology Topology) *Sentinel {
	tb.Helper()
	s := &Sentinel{}
	for range 3 {
		server := &Server{}
		if len(s.nodes) > 0 {
			server.args = replicaOf(s.nodes[0].announcedAddr())
		}
		s.nodes = append(s.nodes, startNode(tb, topology, server, func(_, announced int) []string {
			return []string{"--replica-announce-ip", "127.0.0.1", "--replica-announce-port", strconv.Itoa(announced)}
		}))
	}
	// A sentinel finds the replicas that are connected by now at once, and others only later.
	for _, replica := range s.nodes[1:] {
		replica.AwaitReplication(tb)
	}
	host, port, _ := net.SplitHostPort(s.nodes[0].announcedAddr()) // a listener's address always splits
	for range 3 {
		s.sentinels = append(s.sentinels, launch(tb, &Server{sentinel: true, args: []string{
			"--sentinel", "monitor", primaryName, host, port, "2",
			"--sentinel", "down-after-milliseconds", primaryName, "1000",
			"--sentinel", "failover-timeout", primaryName, "3000", // after a failed one the next takes twice that
			"--sentinel", "parallel-syncs", primaryName, "2",
		}}))
	}
	for _, sentinel := range s.sentinels {
		hurry(tb, sentinel)
	}
	s.AwaitHealthy(tb)
	return s
}

// hurry makes a sentinel exchange news more often, and tolerate a slow machine. Before Redis 7
// sentinels can't do so, and take longer.
func hurry(tb testing.TB, sentinel *Server) {
	tb.Helper()
	await(tb, "SENTINEL DEBUG", func(ctx context.Context) error {
		err := sentinel.ask(ctx, "sentinel", "debug",
			"publish-period", 250, "info-period", 1000, "tilt-trigger", 5000, "tilt-period", 5000).Err()
		if _, refused := errors.AsType[redis.Error](err); refused {
			return nil
		}
		return err
	})
}

// URL returns the addresses of the sentinels and the primary's name as go-redis's
// ParseFailoverURL takes them.
func (s *Sentinel) URL() string {
	addrs := make([]string, 0, len(s.sentinels))
	for _, sentinel := range s.sentinels {
		addrs = append(addrs, sentinel.Addr())
	}
	return severalURL(addrs) + "&master_name=" + primaryName
}

// severalURL returns a URL that names the first address, and the others as options.
func severalURL(addrs []string) string {
	var text strings.Builder
	text.WriteString("redis://" + addrs[0])
	sep := "?"
	for _, addr := range addrs[1:] {
		text.WriteString(sep + "addr=" + url.QueryEscape(addr))
		sep = "&"
	}
	return text.String()
}

// Nodes returns the data servers. The first one began as the primary.
func (s *Sentinel) Nodes() []*Node { return slices.Clone(s.nodes) }

// Primary returns the node that most sentinels call the primary, even if it is down.
func (s *Sentinel) Primary(tb testing.TB) *Node {
	tb.Helper()
	var primary *Node
	await(tb, "the sentinels' primary", func(ctx context.Context) (err error) {
		primary, err = s.primary(ctx)
		return err
	})
	return primary
}

// NextPrimary waits until the primary is not that node any more, and returns it.
func (s *Sentinel) NextPrimary(tb testing.TB, former *Node) *Node {
	tb.Helper()
	var primary *Node
	await(tb, "a failover", func(ctx context.Context) (err error) {
		if primary, err = s.primary(ctx); err == nil && primary == former {
			err = fmt.Errorf("%s is the primary still", former.announcedAddr())
		}
		return err
	})
	return primary
}

func (s *Sentinel) primary(ctx context.Context) (*Node, error) {
	votes := map[string]int{}
	for _, sentinel := range s.sentinels {
		said, err := sentinel.ask(ctx, "sentinel", "get-master-addr-by-name", primaryName).StringSlice()
		if err != nil || len(said) != 2 {
			continue // the others may agree
		}
		votes[net.JoinHostPort(said[0], said[1])]++
	}
	for _, node := range s.nodes {
		if votes[node.announcedAddr()] >= 2 {
			return node, nil
		}
	}
	return nil, fmt.Errorf("the sentinels don't agree: %v", votes)
}

// Failover makes the sentinels promote another node, and returns it once it is the primary.
func (s *Sentinel) Failover(tb testing.TB) {
	tb.Helper()
	former := s.Primary(tb)
	await(tb, "SENTINEL FAILOVER", func(ctx context.Context) error {
		// Sentinels refuse one that follows the last too soon.
		return s.sentinels[0].ask(ctx, "sentinel", "failover", primaryName).Err()
	})
	s.NextPrimary(tb, former)
}

// AwaitHealthy returns once every node is up, the sentinels agree on the primary, the other
// nodes replicate from it, and each sentinel knows all nodes and sentinels and considers none
// of them down.
func (s *Sentinel) AwaitHealthy(tb testing.TB) {
	tb.Helper()
	await(tb, "Sentinel", s.healthy)
}

func (s *Sentinel) healthy(ctx context.Context) error {
	primary, err := s.primary(ctx)
	if err != nil {
		return err
	}
	info, err := primary.replication(ctx)
	if err != nil {
		return err
	}
	if info["role"] != "master" {
		return fmt.Errorf("%s is a %s", primary.Addr(), info["role"])
	}
	for _, node := range s.nodes {
		if node == primary {
			continue
		}
		if err := node.replicatesFrom(ctx, primary); err != nil {
			return err
		}
	}
	for _, sentinel := range s.sentinels {
		if err := s.knows(ctx, sentinel, primary); err != nil {
			return fmt.Errorf("sentinel %s: %w", sentinel.Addr(), err)
		}
	}
	return nil
}

// replicatesFrom returns an error that says what the node lacks to be a replica of
// the primary.
func (n *Node) replicatesFrom(ctx context.Context, primary *Node) error {
	if err := n.replicates(ctx); err != nil {
		return err
	}
	info, err := n.replication(ctx)
	if err != nil {
		return err
	}
	if of := net.JoinHostPort(info["master_host"], info["master_port"]); of != primary.announcedAddr() {
		return fmt.Errorf("%s is a replica of %s", n.Addr(), of)
	}
	return nil
}

// knows returns an error that says what the sentinel does not know yet.
func (s *Sentinel) knows(ctx context.Context, sentinel *Server, primary *Node) error {
	for _, about := range []struct {
		command, flags string
		args           []any
		want           int
	}{
		{"masters", "master", nil, 1},
		{"replicas", "slave", []any{primaryName}, len(s.nodes) - 1},
		{"sentinels", "sentinel", []any{primaryName}, len(s.sentinels) - 1},
	} {
		known, err := sentinel.ask(ctx, append([]any{"sentinel", about.command}, about.args...)...).Slice()
		if err != nil {
			return err
		}
		if len(known) != about.want {
			return fmt.Errorf("it knows %d %s; want %d", len(known), about.command, about.want)
		}
		for _, one := range known {
			state := pairs(one)
			addr := net.JoinHostPort(state["ip"], state["port"])
			// A sentinel remembers for a while that it considered the last primary down.
			if flags := strings.TrimSuffix(state["flags"], ",master_down"); flags != about.flags {
				return fmt.Errorf("%s is %s; want %s", addr, flags, about.flags)
			}
			if about.flags == "master" && addr != primary.announcedAddr() {
				return fmt.Errorf("the primary is %s; want %s", addr, primary.announcedAddr())
			}
			if about.flags == "slave" && state["master-link-status"] != "ok" {
				return fmt.Errorf("the link of replica %s is %s", addr, state["master-link-status"])
			}
		}
	}
	return nil
}

// pairs returns the values of a list of names and values.
func pairs(reply any) map[string]string {
	list, _ := reply.([]any)
	values := map[string]string{}
	for pair := range slices.Chunk(list, 2) {
		if len(pair) == 2 {
			values[fmt.Sprint(pair[0])] = fmt.Sprint(pair[1])
		}
	}
	return values
}
