package redistest

import (
	"bufio"
	"bytes"
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
	number uint64 // of the connection, from zero
	faults func() *Faults
	cut    context.CancelFunc
}

// run connects to the server and returns once the connection has ended, because
// the client, the server or the faults have ended it, or because it was cut.
func (l *line) run(ctx context.Context, client net.Conn, target string) {
	server, err := new(net.Dialer).DialContext(ctx, "tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() {
		_ = client.Close()
		_ = server.Close()
	})()

	// For each command whose reply is to come, whether that can be lost: more of
	// them than clients send before they read.
	sent := make(chan bool, 1<<16)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer l.cut()
		_ = l.passCommands(server, bufio.NewReader(client), sent) // why it ended is all the same
	}()
	_ = l.passReplies(ctx, client, bufio.NewReader(server), sent)
	l.cut()
	<-ended
}

func (l *line) passCommands(server io.Writer, client *bufio.Reader, sent chan<- bool) error {
	for number := uint64(0); ; number++ {
		command, err := readValue(client)
		if err != nil {
			return err
		}
		faults := l.faults()
		canLose := !getsIn(command)
		if canLose && l.draw(faults, 2*number) < faults.LoseRequests {
			return errLost
		}
		sent <- canLose
		if _, err := server.Write(command); err != nil {
			return err
		}
	}
}

func (l *line) passReplies(ctx context.Context, client io.Writer, server *bufio.Reader, sent <-chan bool) error {
	for number := uint64(0); ; number++ {
		reply, err := readValue(server)
		if err != nil {
			return err
		}
		faults := l.faults()
		if <-sent && l.draw(faults, 2*number+1) < faults.LoseReplies {
			return errLost
		}
		select {
		case <-time.After(faults.Delay):
		case <-ctx.Done():
			return ctx.Err()
		}
		if _, err := client.Write(reply); err != nil {
			return err
		}
	}
}

// draw returns a number from 0 to less than 1 that is the same each time for what
// has that number on this line.
func (l *line) draw(faults *Faults, number uint64) float64 {
	return rand.New(rand.NewPCG(faults.Seed, l.number<<32|number)).Float64() //nolint:gosec // no secret
}

// getsIn says that the command is one with which a client gets in.
func getsIn(command []byte) bool {
	lines := bytes.SplitN(command, []byte("\r\n"), 4) // *3 $4 AUTH …
	if len(lines) < 4 {
		return false
	}
	switch strings.ToUpper(string(lines[2])) {
	case "HELLO", "AUTH", "SELECT", "CLIENT":
		return true
	}
	return false
}
