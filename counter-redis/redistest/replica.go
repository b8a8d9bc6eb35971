package redistest

import (
	"context"
	"fmt"
	"net"
	"testing"
)

// Replica starts a replica of the server, and returns once the replica has all that the server
// has. The server must have neither TLS nor a password. The arguments are as for [Start].
func (s *Server) Replica(tb testing.TB, args ...string) *Server {
	tb.Helper()
	link := listen(tb)
	link.start(tb, s.Addr(), replicas)
	replica := launch(tb, &Server{args: append(replicaOf(link.Addr()), args...), link: link})
	replica.AwaitReplication(tb)
	return replica
}

// CutReplication cuts off a replica that [Server.Replica] started from its primary. Nothing that
// the primary is told after this returns reaches the replica. Clients still reach both.
func (s *Server) CutReplication(tb testing.TB) {
	tb.Helper()
	s.linked(tb).CutReplication()
}

// HealReplication lets a replica that was cut off connect again. AwaitReplication waits until it
// has.
func (s *Server) HealReplication(tb testing.TB) {
	tb.Helper()
	s.linked(tb).HealReplication()
}

func (s *Server) linked(tb testing.TB) *Proxy {
	tb.Helper()
	if s.link == nil {
		tb.Fatal("redistest: Replica did not start this server; where nodes are proxied, see the Proxy of its primary")
	}
	return s.link
}

// AwaitReplication returns once the replica's link to its primary is up, and the replica has
// what the primary had when they connected.
func (s *Server) AwaitReplication(tb testing.TB) {
	tb.Helper()
	await(tb, "replication", s.replicates)
}

// replicates returns an error that says why the replica's link is not up.
func (s *Server) replicates(ctx context.Context) error {
	info, err := s.replication(ctx)
	if err != nil {
		return err
	}
	if info["role"] != "slave" || info["master_link_status"] != "up" || info["master_sync_in_progress"] != "0" {
		return fmt.Errorf("%s is a %s whose link is %q", s.Addr(), info["role"], info["master_link_status"])
	}
	return nil
}

// replicaOf returns the arguments that make a server a replica.
func replicaOf(addr string) []string {
	host, port, _ := net.SplitHostPort(addr) // a listener's address always splits
	return []string{"--replicaof", host, port}
}
