package counterredis

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// command is a command and its outcome. Its keys are all in one slot.
//
// go-redis sends it at most once, whatever the client's options say. If a reply is lost, the
// command may have run, and sending it again could count twice.
type command struct {
	redis.Cmder

	key  string
	sent bool // it may have been sent to a server
	err  error
}

// NoRetry tells go-redis not to send the command again.
func (c *command) NoRetry() bool { return true }

// Args implements [redis.Cmder]. go-redis asks for the words only when it writes them to a
// connection that is set up. Until then, nothing was sent.
func (c *command) Args() []any {
	c.sent = true
	return c.Cmder.Args()
}

// Clone implements [redis.Cmder]. It assumes that the copy is sent.
func (c *command) Clone() redis.Cmder {
	c.sent = true
	return &command{Cmder: c.Cmder.Clone(), key: c.key, sent: true}
}

// settle sets how the command ended.
func (c *command) settle(err error) {
	if err != nil && !c.sent {
		err = &unsentError{err}
	}
	c.err = err
}

// unsentError says why a command was not sent.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return "not sent: " + e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// pool is what [again] needs of a client.
type pool interface{ PoolStats() *redis.PoolStats }

// again calls try, which must not change anything on the server. If try fails because its
// connection was lost, again repeats it until it has had a new connection: each failure
// removes a dead connection from the pool.
func again(ctx context.Context, client pool, try func() error) error {
	err := try()
	for left := idle(client) + 1; left > 0 && lost(err) && ctx.Err() == nil; left-- {
		err = try()
	}
	return err
}

// idle returns the number of idle connections.
func idle(client pool) int {
	stats := client.PoolStats()
	n := int(stats.IdleConns)
	if stats.PipelineStats != nil {
		n += int(stats.PipelineStats.IdleConns)
	}
	return n
}

// lost reports whether err says that an open connection has ended. A connection that can't
// be opened and a reply that is late are not lost connections.
func lost(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Timeout()) {
		return false
	}
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}
