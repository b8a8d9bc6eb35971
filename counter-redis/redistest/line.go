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

// errLost ends a line in place of what it loses.
var errLost = errors.New("redistest: lost")

// line is one connection through a [Proxy].
type line struct {
	proxy  *Proxy
	number uint64 // of the connection, from zero
	refuse bool   // it is for servers alone: a client's ends
	cut    context.CancelFunc
	ended  chan struct{} // closed once nothing passes any more
}

// reply is what is to happen to one that is to come.
type reply int

const (
	kept    reply = iota
	losable       // by the faults
	relayed       // with all that follows: it may be no reply at all
)

// run connects to the server and returns once the connection has ended, because
// the client, the server or the faults have ended it, or because it was cut.
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

	// More than clients send before they read.
	replies := make(chan reply, 1<<16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer l.cut()
		_ = l.passCommands(ctx, server, client, replies) // why it ended is all the same
	}()
	_ = l.passReplies(ctx, client, server, replies)
	l.cut()
	<-done
}

func (l *line) passCommands(ctx context.Context, server io.Writer, client io.Reader, replies chan<- reply) (err error) {
	in, out := bufio.NewReader(client), bufio.NewWriter(server)
	defer out.Flush() // the line ends all the same
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

// request returns what is to happen to the reply, and errLost if the request is lost.
func (l *line) request(command []byte, number uint64) (reply, error) {
	if l.proxy.from == clientsAndServers && number == 0 && word(command, 0) == "PING" {
		return kept, nil // with which replicas begin, too
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

// relay passes the command and all that follows as it is.
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
	defer out.Flush() // the line ends all the same
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

// hold sends what came before, and waits.
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

// draws says whether what has that number on this line is in the share: the same
// each time.
func (l *line) draws(faults *Faults, number uint64, share float64) bool {
	if share <= 0 {
		return false
	}
	source := rand.NewPCG(faults.Seed, l.number<<32|number)
	return rand.New(source).Float64() < share //nolint:gosec // no secret
}

// role is the role of whoever has opened a connection through a [Proxy].
type role int

const (
	roleClient   role = iota
	roleReplica       // of the server behind the proxy
	roleListener      // is told what happens, or is a sentinel
)

// roleOf returns the role of whoever sends the command.
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

// getsIn says that the command is one with which a client gets in.
func getsIn(command []byte) bool {
	switch word(command, 0) {
	case "HELLO", "AUTH", "SELECT", "CLIENT":
		return true
	}
	return false
}
