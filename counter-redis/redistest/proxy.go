package redistest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Faults are what a [Proxy] does to the connections through it. The zero value:
// nothing.
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
	// Refuse ends each new connection at once. Those that are open stay.
	Refuse bool
}

// Proxy is a line to a server that can be made to fail. Its methods are safe for
// concurrent use.
type Proxy struct {
	listener net.Listener
	target   string
	faults   atomic.Pointer[Faults]
	running  sync.WaitGroup

	mu    sync.Mutex
	lines map[*line]bool // that are open
}

// StartProxy starts a proxy in front of the server at target, a host and port. It
// has no faults at first and ends with the test. It passes on commands that have
// one reply each, which subscriptions have not, and no TLS.
func StartProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target, lines: map[*line]bool{}}
	p.SetFaults(Faults{})
	// It outlives the test's context: other cleanups may need it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	p.running.Go(func() { p.accept(ctx) })
	tb.Cleanup(func() {
		cancel()
		_ = listener.Close() // that it was open is known
		p.running.Wait()
	})
	return p
}

// Addr returns the host and port for clients.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// SetFaults replaces the faults for what comes from now on.
func (p *Proxy) SetFaults(faults Faults) { p.faults.Store(&faults) }

// Cut ends every connection at once, with what is on its way. New ones are served.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		l.cut()
	}
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
	if p.faults.Load().Refuse {
		return
	}
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	l := &line{number: number, faults: p.faults.Load, cut: cut}
	p.mu.Lock()
	p.lines[l] = true
	p.mu.Unlock()
	l.run(ctx, client, p.target)
	p.mu.Lock()
	delete(p.lines, l)
	p.mu.Unlock()
}
