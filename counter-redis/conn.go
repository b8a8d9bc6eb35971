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

// connHook watches over the connections of a client that [Open] has made.
//
// It marks each failure to dial as one, also that of a TLS handshake and that of finding
// the server through Sentinels: it proves that nothing was sent. Where the scheme of the
// URL may be the wrong one, the error says so.
type connHook struct {
	tls    bool
	socket bool // by a Unix socket, which has no other scheme
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

// watch returns the connection as the client gets it.
func (h connHook) watch(made net.Conn) net.Conn {
	watched := &conn{Conn: made, hint: !h.tls && !h.socket}
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

// conn is a connection whose first failure says what to try.
type conn struct {
	net.Conn

	hint bool // until something was read
}

// Read implements [net.Conn].
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.hint {
		return n, err
	}
	switch {
	case n > 0 && p[0] == 21: // a TLS alert
		return 0, hintError{io.ErrUnexpectedEOF, tryTLS}
	case n > 0:
		c.hint = false
	case lost(err):
		err = hintError{err, tryTLS}
	}
	return n, err
}

// checkedConn lets go-redis see whether the server has closed the connection, before it
// is used again: by itself it does not look below TLS.
type checkedConn struct {
	*conn

	raw syscall.Conn
}

// SyscallConn implements [syscall.Conn].
func (c *checkedConn) SyscallConn() (syscall.RawConn, error) { return c.raw.SyscallConn() }

// hintError is an error that says what to try. It has no Unwrap, because go-redis unwraps
// what a set-up ended with.
type hintError struct {
	err  error
	hint string
}

func (e hintError) Error() string {
	return e.err.Error() + ": the server hung up or did not answer; " + e.hint
}
func (e hintError) Is(target error) bool { return errors.Is(e.err, target) }
func (e hintError) As(target any) bool   { return errors.As(e.err, target) }

// oneLineError is an error whose text is one line: there is one for each Sentinel in
// that of finding the server.
type oneLineError struct{ error }

func (e oneLineError) Error() string { return strings.ReplaceAll(e.error.Error(), "\n", "; ") }
func (e oneLineError) Unwrap() error { return e.error }

// ProcessHook implements [redis.Hook].
func (connHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements [redis.Hook].
func (connHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
