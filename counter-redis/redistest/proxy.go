package redistest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Faults are what a [Proxy] does to its clients' connections. The zero value does nothing.
//
// Shares are from 0 (none) to 1 (all). What is lost depends only on the seed, the number of the
// connection and the number of the command on that connection. The commands that set up a
// connection (HELLO, AUTH, SELECT and CLIENT) and their replies are never lost.
type Faults struct {
	// LoseRequests is the share of commands that don't reach the server. The connection
	// ends instead.
	LoseRequests float64
	// LoseReplies is the share of replies that don't reach the client. The connection ends
	// instead, after the server has done what it was asked.
	LoseReplies float64
	// Seed chooses which requests and replies are lost.
	Seed uint64
	// Delay is how long each reply is held back.
	Delay time.Duration
	// Refuse ends each new connection at once, or, at the proxy of a [Node], in place of its
	// first command. Open connections stay.
	Refuse bool
}

// Proxy passes connections on to a server, and can be made to fail. Its methods are safe for
// concurrent use.
//
// Replicas, sentinels, subscribers and monitors are not clients. Once they send a command that
// shows what they are, everything passes unchanged on their connections, and neither Faults nor
// Cut affects them. The proxy of a [Node] loses nothing before that: a PING that is the first
// command of a connection always passes there.
type Proxy struct {
	listener net.Listener
	target   string
	from     origin
	faults   atomic.Pointer[Faults]
	running  sync.WaitGroup

	requests, replies, cuts atomic.Int64

	mu      sync.Mutex
	lines   map[*line]role // the open ones
	severed bool           // replicas are refused
}

// origin says who connects to a proxy.
type origin int

const (
	clients           origin = iota
	clientsAndServers        // at the proxy of a node
	replicas                 // and nobody else
)

// StartProxy starts a proxy in front of the server at target, which is a host and port. It
// begins without faults and ends with the test. It understands commands with one reply each,
// subscriptions and replication, but not TLS.
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
	tb.Cleanup(func() { _ = listener.Close() }) // unless it is closed by then
	p := &Proxy{listener: listener, lines: map[*line]role{}}
	p.SetFaults(Faults{})
	return p
}

// start begins to serve connections.
func (p *Proxy) start(tb testing.TB, target string, from origin) {
	tb.Helper()
	p.target, p.from = target, from
	// It outlives the test's context: other cleanups may need it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	p.running.Go(func() { p.accept(ctx) })
	tb.Cleanup(func() {
		cancel()
		_ = p.listener.Close()
		p.running.Wait()
	})
}

// Addr returns the host and port for clients.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// SetFaults replaces the faults for every request and reply from now on.
func (p *Proxy) SetFaults(faults Faults) { p.faults.Store(&faults) }

// Cut ends every client's connection at once, with whatever is in flight on it, and returns
// once they have ended. New connections are served.
func (p *Proxy) Cut() { p.cuts.Add(p.end(roleClient)) }

// CutReplication ends the connections of the server's replicas at once, and refuses new ones
// until HealReplication. Clients still pass. Nothing that the server is told after this returns
// reaches a replica.
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

// Lost returns how many requests and replies [Faults] have lost so far, and how many
// connections [Proxy.Cut] has ended.
func (p *Proxy) Lost() (requests, replies, cuts int64) {
	return p.requests.Load(), p.replies.Load(), p.cuts.Load()
}

// end ends the lines with the role and returns how many there were.
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

// admit notes the role of the line's opener, and reports whether the line may pass.
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
