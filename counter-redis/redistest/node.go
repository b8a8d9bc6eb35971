package redistest

import (
	"net"
	"strconv"
	"testing"
)

// Topology adapts [StartSentinel] and [StartCluster]. The zero value is plain.
type Topology struct {
	// Args are those of each redis-server, as for [Start]. There can't be a password.
	Args []string
	// Proxied has each data server announce itself at the address of a [Proxy]
	// before it: clients, replicas and sentinels reach it through that.
	Proxied bool
}

// Node is a data server of a [Sentinel] or [Cluster]. The address and the clients
// of the Server are those of the server itself, whether or not it has a proxy.
type Node struct {
	*Server

	Proxy *Proxy // nil unless the topology is proxied
}

// startNode starts a data server. The arguments that say where it is announced
// depend on its port and on that.
func startNode(tb testing.TB, topology Topology, server *Server, announce func(port, announced int) []string) *Node {
	tb.Helper()
	n := &Node{Server: server}
	if topology.Proxied {
		n.Proxy = listen(tb)
	}
	server.args = append(server.args, topology.Args...)
	server.announced = func(port int) []string {
		if topology.Proxied {
			return announce(port, portOf(n.Proxy.Addr()))
		}
		return announce(port, port)
	}
	launch(tb, server)
	if topology.Proxied {
		n.Proxy.start(tb, server.Addr(), clientsAndServers)
	}
	return n
}

// announcedAddr returns the host and port for clients and the other servers.
func (n *Node) announcedAddr() string {
	if n.Proxy != nil {
		return n.Proxy.Addr()
	}
	return n.Addr()
}

// portOf returns the port of a listener's address.
func portOf(addr string) int {
	_, text, _ := net.SplitHostPort(addr)
	port, _ := strconv.Atoi(text)
	return port
}
