package redistest

import (
	"net"
	"strconv"
	"testing"
)

// Topology adapts [StartSentinel] and [StartCluster]. The zero value has neither arguments nor
// proxies.
type Topology struct {
	// Args are the arguments of each redis-server, as for [Start]. They can't set a password.
	Args []string
	// Proxied puts a [Proxy] in front of each data server. The server announces itself at the
	// proxy's address, so that clients, replicas and sentinels reach it through the proxy.
	Proxied bool
}

// Node is a data server of a [Sentinel] or [Cluster]. Addr, URL and Client bypass its proxy.
type Node struct {
	*Server

	Proxy *Proxy // nil unless the topology is proxied
}

// startNode starts a data server. announce returns the arguments by which a server on a port
// announces the other port.
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
