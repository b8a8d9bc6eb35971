package counterredis

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// command is a command about one key, or about a key and one of the same slot, and
// how it ended.
//
// go-redis sends it at most once, whatever the client's options: when a reply is lost
// the command may have run, and a second one would count twice.
type command struct {
	redis.Cmder

	key  string
	sent bool // may be on its way to a server
	err  error
}

// NoRetry is asked by go-redis before it sends a command again.
func (c *command) NoRetry() bool { return true }

// Args implements [redis.Cmder]. go-redis asks for the words when it writes them to a
// connection that is set up, and not before: as long as nobody has asked, nothing was sent.
func (c *command) Args() []any {
	c.sent = true
	return c.Cmder.Args()
}

// Clone implements [redis.Cmder]. Nobody can say what becomes of the copy.
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

// unsentError is why a command was sent to no server.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return "not sent: " + e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// pool is what [again] needs of a client.
type pool interface{ PoolStats() *redis.PoolStats }

// again calls try, which changes nothing on the server and returns how it failed. While
// it fails because its connection was lost, it is called again, until it has had a new
// connection: each failure takes a dead one out of the pool.
func again(ctx context.Context, client pool, try func() error) error {
	err := try()
	for left := idle(client) + 1; left > 0 && lost(err) && ctx.Err() == nil; left-- {
		err = try()
	}
	return err
}

// idle returns how many connections wait to be used.
func idle(client pool) int {
	stats := client.PoolStats()
	n := int(stats.IdleConns)
	if stats.PipelineStats != nil {
		n += int(stats.PipelineStats.IdleConns)
	}
	return n
}

// lost says that err ended a command because its connection had come to an end: not
// that it could not be made, nor that no reply came in time.
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
