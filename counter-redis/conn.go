package counterredis

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// connHook watches the connections of a client that [Open] has made.
//
// It marks each failure to dial, including a failed TLS handshake and a failed search
// through Sentinels, because such a failure proves that nothing was sent. If the URL may
// have the wrong scheme, the error says so.
type connHook struct {
	tls    bool
	socket bool // a Unix socket, which has no other scheme to try
	// Data that comes unasked means that the server is closing the connection: so it is
	// in protocol 2.
	silent bool
}

const (
	tryPlain = "if it does not speak TLS, begin the URL with redis:// instead of rediss://"
	tryTLS   = "if it speaks TLS, begin the URL with rediss:// instead of redis://"
)

// DialHook implements [redis.Hook].
func (h connHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		made, err := next(ctx, network, addr)
		if err != nil {
			return nil, h.dialError(network, err)
		}
		return h.watch(made), nil
	}
}

func (h connHook) dialError(network string, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return oneLineError{err}
	}
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case noTLS, h.tls && (lost(err) || errors.Is(err, context.DeadlineExceeded)):
		err = hintError{err, tryPlain}
	case !h.socket && lost(err): // of a Sentinel
		err = hintError{err, tryTLS}
	}
	return oneLineError{&net.OpError{Op: "dial", Net: network, Err: err}}
}

// watch wraps the connection for the client.
func (h connHook) watch(made net.Conn) net.Conn {
	watched := &conn{Conn: made, hint: !h.tls && !h.socket, fresh: true}
	raw := made
	if over, ok := made.(*tls.Conn); ok {
		if !h.silent {
			return watched
		}
		raw = over.NetConn()
	}
	if raw, ok := raw.(syscall.Conn); ok {
		return &checkedConn{watched, raw}
	}
	return watched
}

// conn is a connection whose first failure says what the server said, or suggests what to try.
type conn struct {
	net.Conn

	hint  bool // to try TLS, if the first failure may mean that
	fresh bool // until something was read
}

// Read implements [net.Conn].
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case !c.fresh:
	case n > 0 && c.hint && p[0] == 21: // a TLS alert
		return 0, hintError{io.ErrUnexpectedEOF, tryTLS}
	case n > 0:
		c.fresh = false
		if reply, ok := turnedAway(p[:n]); ok {
			return 0, &turnedAwayError{reply}
		}
	case c.hint && lost(err):
		err = hintError{err, tryTLS}
	}
	return n, err
}

// turnedAway returns what a server says that takes no connection from this client, if that is what
// it says first.
func turnedAway(greeting []byte) (reply string, ok bool) {
	text, ok := strings.CutPrefix(string(greeting), "-")
	if !ok || !strings.HasPrefix(text, "ERR "+tooManyClients) && !strings.HasPrefix(text, "DENIED ") {
		return "", false
	}
	reply, _, _ = strings.Cut(text, "\r\n")
	return reply, true
}

// turnedAwayError is the error of a connection that the server has refused before it read
// anything. It is not a [redis.Error], which go-redis would take for the answer to its HELLO, and
// do without.
type turnedAwayError struct{ reply string }

func (e *turnedAwayError) Error() string { return "the server refuses the connection: " + e.reply }

// checkedConn lets go-redis check whether the server has closed the connection before it
// uses the connection again. Without it, go-redis does not look below TLS.
type checkedConn struct {
	*conn

	raw syscall.Conn
}

// SyscallConn implements [syscall.Conn].
func (c *checkedConn) SyscallConn() (syscall.RawConn, error) { return c.raw.SyscallConn() }

// hintError is an error that suggests what to try. It has no Unwrap, because go-redis would
// drop the suggestion.
type hintError struct {
	err  error
	hint string
}

func (e hintError) Error() string {
	return e.err.Error() + ": the server hung up or did not answer; " + e.hint
}
func (e hintError) Is(target error) bool { return errors.Is(e.err, target) }
func (e hintError) As(target any) bool   { return errors.As(e.err, target) }

// oneLineError is an error whose text is one line. go-redis's error for a failed search has a
// line for each Sentinel.
type oneLineError struct{ error }

func (e oneLineError) Error() string { return strings.ReplaceAll(e.error.Error(), "\n", "; ") }
func (e oneLineError) Unwrap() error { return e.error }

// ProcessHook implements [redis.Hook].
func (connHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements [redis.Hook].
func (connHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
