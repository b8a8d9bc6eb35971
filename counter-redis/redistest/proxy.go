package redistest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Faults are what a [Proxy] does to the clients' connections through it. The zero
// value: nothing.
//
// Shares are from 0, none, to 1, all. What is lost depends on the seed, on the
// number of the connection and on that of the command on it, and on nothing else.
// What a client says to get in (HELLO, AUTH, SELECT and CLIENT) is never lost.
type Faults struct {
	// LoseRequests is the share of commands that don't reach the server: the
	// connection ends in place of them.
	LoseRequests float64
	// LoseReplies is the share of replies that don't reach the client: the
	// connection ends in place of them. The server has done what it was asked.
	LoseReplies float64
	// Seed chooses which are lost.
	Seed uint64
	// Delay is how long each reply is held back.
	Delay time.Duration
	// Refuse ends each new connection at once, at the proxy of a [Node] in place of its
	// first command. Those that are open stay.
	Refuse bool
}

// Proxy is a line to a server that can be made to fail. Its methods are safe for
// concurrent use.
//
// Replicas, sentinels, and whoever subscribes or monitors are no clients: once they
// show it, their connections pass everything as it is, and neither Faults nor Cut
// concern them. At the proxy of a [Node] they show it before anything can be lost:
// therefore a PING that is the first command of a connection passes there always.
type Proxy struct {
	listener net.Listener
	target   string
	from     origin
	faults   atomic.Pointer[Faults]
	running  sync.WaitGroup

	requests, replies, cuts atomic.Int64

	mu      sync.Mutex
	lines   map[*line]role // that are open
	severed bool           // no replica passes
}

// origin says who connects to a proxy.
type origin int

const (
	clients           origin = iota
	clientsAndServers        // the proxy is that of a node
	replicas                 // nobody else
)

// StartProxy starts a proxy in front of the server at target, a host and port. It
// has no faults at first and ends with the test. It passes on commands that have
// one reply each, subscriptions and replication, and no TLS.
func StartProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	p := listen(tb)
	p.start(tb, target, clients)
	return p
}

// listen returns a proxy that has an address but does not serve yet.
func listen(tb testing.TB) *Proxy {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = listener.Close() }) // it may be closed
	p := &Proxy{listener: listener, lines: map[*line]role{}}
	p.SetFaults(Faults{})
	return p
}

// start serves who connects, from now on.
func (p *Proxy) start(tb testing.TB, target string, from origin) {
	tb.Helper()
	p.target, p.from = target, from
	// It outlives the test's context: other cleanups may need it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	p.running.Go(func() { p.accept(ctx) })
	tb.Cleanup(func() {
		cancel()
		_ = p.listener.Close() // that it was open is known
		p.running.Wait()
	})
}

// Addr returns the host and port for clients.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// SetFaults replaces the faults for what comes from now on.
func (p *Proxy) SetFaults(faults Faults) { p.faults.Store(&faults) }

// Cut ends every client's connection at once, with what is on its way, and returns
// once they have ended. New ones are served.
func (p *Proxy) Cut() { p.cuts.Add(p.end(roleClient)) }

// CutReplication ends the connections of the server's replicas at once and, until
// HealReplication, new ones too; clients pass. What the server is told once this
// has returned reaches no replica.
func (p *Proxy) CutReplication() {
	p.mu.Lock()
	p.severed = true
	p.mu.Unlock()
	p.end(roleReplica)
}

// HealReplication lets replicas connect again. They try about once a second.
func (p *Proxy) HealReplication() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.severed = false
}

// Lost returns how many requests and replies were lost to [Faults] so far, and how
// many connections [Proxy.Cut] has ended.
func (p *Proxy) Lost() (requests, replies, cuts int64) {
	return p.requests.Load(), p.replies.Load(), p.cuts.Load()
}

// end ends the lines with the role and returns how many they were.
func (p *Proxy) end(of role) (ended int64) {
	p.mu.Lock()
	var lines []*line
	for l, role := range p.lines {
		if role == of {
			l.cut()
			lines = append(lines, l)
		}
	}
	p.mu.Unlock()
	for _, l := range lines {
		<-l.ended
	}
	return int64(len(lines))
}

// admit notes the role of whoever has opened the line, and says whether it may pass.
func (p *Proxy) admit(l *line, role role) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines[l] = role
	return role != roleReplica || !p.severed
}

// accept serves the connections that come until the listener is closed.
func (p *Proxy) accept(ctx context.Context) {
	for number := uint64(0); ; number++ {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(ctx, client, number) })
	}
}

// serve returns once the connection has ended.
func (p *Proxy) serve(ctx context.Context, client net.Conn, number uint64) {
	defer client.Close()
	refuse := p.faults.Load().Refuse
	if refuse && p.from == clients {
		return
	}
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	l := &line{proxy: p, number: number, refuse: refuse, cut: cut, ended: make(chan struct{})}
	role := roleClient
	if p.from == replicas {
		role = roleReplica
	}
	if p.admit(l, role) {
		l.run(ctx, client)
	}
	p.mu.Lock()
	delete(p.lines, l)
	p.mu.Unlock()
	close(l.ended)
}
