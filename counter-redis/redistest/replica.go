package redistest

import (
	"context"
	"fmt"
	"net"
	"testing"
)

// Replica starts a replica of the server, which has neither TLS nor a password, and
// returns once it has all that the server has. The arguments are as for [Start].
func (s *Server) Replica(tb testing.TB, args ...string) *Server {
	tb.Helper()
	link := listen(tb)
	link.start(tb, s.Addr(), replicas)
	replica := launch(tb, &Server{args: append(replicaOf(link.Addr()), args...), link: link})
	replica.AwaitReplication(tb)
	return replica
}

// CutReplication cuts a replica that [Server.Replica] has started off from its
// primary: what the primary is told once this has returned does not reach it.
// Clients reach both.
func (s *Server) CutReplication(tb testing.TB) {
	tb.Helper()
	s.linked(tb).CutReplication()
}

// HealReplication lets a replica that was cut off connect again; AwaitReplication
// says when it has.
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

// AwaitReplication returns once the link of a replica to its primary is up, and it
// has what the primary had when they connected.
func (s *Server) AwaitReplication(tb testing.TB) {
	tb.Helper()
	await(tb, "replication", s.replicates)
}

// replicates returns an error that says what a replica lacks.
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
	host, port, _ := net.SplitHostPort(addr) // it is that of a listener
	return []string{"--replicaof", host, port}
}
