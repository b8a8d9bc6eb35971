package redistest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// errLost ends a line that loses a request or a reply.
var errLost = errors.New("redistest: lost")

// line is one connection through a [Proxy].
type line struct {
	proxy  *Proxy
	number uint64 // of the connection, from zero
	refuse bool   // only servers may use it: a client's line ends
	cut    context.CancelFunc
	ended  chan struct{} // closed once nothing passes any more
}

// reply says what happens to the next reply.
type reply int

const (
	kept    reply = iota
	losable       // the faults may lose it
	relayed       // passed as it is, with everything after it, which need not be replies
)

// run connects to the server. It returns once the connection has ended, because of the client,
// the server or the faults, or because it was cut.
func (l *line) run(ctx context.Context, client net.Conn) {
	server, err := new(net.Dialer).DialContext(ctx, "tcp", l.proxy.target)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() {
		_ = client.Close()
		_ = server.Close()
	})()

	replies := make(chan reply, 1<<16) // more than a client sends before it reads
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer l.cut()
		_ = l.passCommands(ctx, server, client, replies) // the line ends, whatever the reason
	}()
	_ = l.passReplies(ctx, client, server, replies)
	l.cut()
	<-done
}

func (l *line) passCommands(ctx context.Context, server io.Writer, client io.Reader, replies chan<- reply) (err error) {
	in, out := bufio.NewReader(client), bufio.NewWriter(server)
	defer out.Flush() // the line ends, even if this fails
	if l.proxy.from == replicas {
		replies <- relayed
		_, err := io.Copy(server, in)
		return err
	}
	var command []byte
	for number := uint64(0); ; number++ {
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		command, err = appendValue(command[:0], in)
		if err != nil {
			return err
		}
		if role := roleOf(command); role != roleClient {
			if err := out.Flush(); err != nil {
				return err
			}
			return l.relay(role, command, in, server, replies)
		}
		fate, err := l.request(command, number)
		if err != nil {
			return err
		}
		select {
		case replies <- fate:
		case <-ctx.Done():
			return ctx.Err()
		}
		if _, err := out.Write(command); err != nil {
			return err
		}
	}
}

// request says what happens to the reply, or returns errLost if the request is lost.
func (l *line) request(command []byte, number uint64) (reply, error) {
	if l.proxy.from == clientsAndServers && number == 0 && word(command, 0) == "PING" {
		return kept, nil // it may be a replica's
	}
	if l.refuse {
		return kept, errLost
	}
	if getsIn(command) {
		return kept, nil
	}
	faults := l.proxy.faults.Load()
	if l.draws(faults, 2*number, faults.LoseRequests) {
		l.proxy.requests.Add(1)
		return kept, errLost
	}
	return losable, nil
}

// relay passes the command, and everything after it, unchanged.
func (l *line) relay(role role, command []byte, client io.Reader, server io.Writer, replies chan<- reply) error {
	if !l.proxy.admit(l, role) {
		return errLost
	}
	replies <- relayed
	if _, err := server.Write(command); err != nil {
		return err
	}
	_, err := io.Copy(server, client)
	return err
}

func (l *line) passReplies(ctx context.Context, client io.Writer, server io.Reader, replies <-chan reply) error {
	in, out := bufio.NewReader(server), bufio.NewWriter(client)
	defer out.Flush() // the line ends, even if this fails
	var value []byte
	for number := uint64(0); ; number++ {
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		if _, err := in.Peek(1); err != nil {
			return err
		}
		var fate reply
		select {
		case fate = <-replies:
		case <-ctx.Done():
			return ctx.Err()
		}
		if fate == relayed {
			if err := out.Flush(); err != nil {
				return err
			}
			_, err := io.Copy(client, in)
			return err
		}
		var err error
		if value, err = appendValue(value[:0], in); err != nil {
			return err
		}
		faults := l.proxy.faults.Load()
		if fate == losable && l.draws(faults, 2*number+1, faults.LoseReplies) {
			l.proxy.replies.Add(1)
			return errLost
		}
		if faults.Delay > 0 {
			if err := hold(ctx, out, faults.Delay); err != nil {
				return err
			}
		}
		if _, err := out.Write(value); err != nil {
			return err
		}
	}
}

// hold flushes the earlier replies, and waits.
func hold(ctx context.Context, out *bufio.Writer, delay time.Duration) error {
	if err := out.Flush(); err != nil {
		return err
	}
	select {
	case <-time.After(delay):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// draws reports whether the request or reply with the number is in the share. It gives the same
// answer each time.
func (l *line) draws(faults *Faults, number uint64, share float64) bool {
	if share <= 0 {
		return false
	}
	source := rand.NewPCG(faults.Seed, l.number<<32|number)
	return rand.New(source).Float64() < share //nolint:gosec // no secret
}

// role is what the other end of a connection is to the server behind a [Proxy].
type role int

const (
	roleClient   role = iota
	roleReplica       // of that server
	roleListener      // a subscriber, a monitor or a sentinel
)

// roleOf returns the role that the command shows.
func roleOf(command []byte) role {
	switch word(command, 0) {
	case "REPLCONF", "PSYNC", "SYNC":
		return roleReplica
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR":
		return roleListener
	case "CLIENT": // the first command of a sentinel
		if word(command, 1) == "SETNAME" && strings.HasPrefix(word(command, 2), "SENTINEL-") {
			return roleListener
		}
	}
	return roleClient
}

// getsIn reports whether the command sets up a connection.
func getsIn(command []byte) bool {
	switch word(command, 0) {
	case "HELLO", "AUTH", "SELECT", "CLIENT":
		return true
	}
	return false
}
