package counterredis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// delivery says how commands are sent to a server.
type delivery struct {
	replicas int  // how many must have a write before it counts as done
	reads    bool // nothing is changed, so the commands may be repeated
	asking   bool // the server is taking over their slots
}

// send sends the commands, in one pipeline for each server, and sets the outcome of each.
func (s *Store) send(ctx context.Context, commands []*command, how delivery) {
	if s.cluster != nil {
		s.route(ctx, commands, how)
	} else {
		deliver(ctx, s.single, commands, how, s.patience)
	}
	if !s.closed.Load() {
		return
	}
	for _, c := range commands {
		// Close may have closed the connection of a command. It has changed nothing.
		if c.err != nil && !replied(c.err, "") && (how.reads || unchanged(c.err)) {
			c.err = fmt.Errorf("%w: %w", redis.ErrClosed, c.err)
		}
	}
}

// sendOne sends one command and returns how it ended.
func (s *Store) sendOne(ctx context.Context, key string, cmd redis.Cmder, how delivery) error {
	c := &command{Cmder: cmd, key: key}
	s.send(ctx, []*command{c}, how)
	return c.err
}

// deliver sends the commands to a server and sets the outcome of each. patience is how long
// the server may take to reply.
func deliver(ctx context.Context, to *redis.Client, commands []*command, how delivery, patience time.Duration) {
	if !how.reads {
		deliverOnce(ctx, to, commands, how, patience)
		return
	}
	_ = again(ctx, to, func() error { // each command has its own error
		deliverOnce(ctx, to, commands, how, patience)
		for _, c := range commands {
			if lost(c.err) {
				return c.err
			}
		}
		return nil
	})
}

func deliverOnce(ctx context.Context, to *redis.Client, commands []*command, how delivery, patience time.Duration) {
	for _, c := range commands {
		c.sent = false
		c.SetErr(nil) // go-redis sets no error where there is one
	}
	if len(commands) == 1 && how.replicas == 0 && !how.asking {
		commands[0].settle(to.Process(ctx, commands[0]))
		return
	}
	pipe := to.Pipeline()
	for _, c := range commands {
		if how.asking {
			pipe.Do(ctx, "asking")
		}
		_ = pipe.Process(ctx, c) // only takes it
	}
	var wait *redis.IntCmd
	if how.replicas > 0 {
		// WAIT must be on the same connection, because it waits for that connection's writes.
		wait = redis.NewIntCmd(ctx, "wait", how.replicas, waitTime(ctx, patience).Milliseconds())
		_ = pipe.Process(ctx, wait)
	}
	cmds, err := pipe.Exec(ctx)
	// Each command has its own error, except when logging in failed: then none has.
	if slices.ContainsFunc(cmds, func(cmd redis.Cmder) bool { return cmd.Err() != nil }) {
		err = nil
	}
	unread := false
	for _, c := range commands {
		failure := c.Err()
		switch {
		case failure == nil && err != nil:
			failure = err
		case failure == nil && wait != nil:
			failure = shortfall(wait, how.replicas)
		case unread && lost(failure):
			failure = &unsentError{failure}
		}
		unread = unread || replied(failure, unauthenticated)
		c.settle(failure)
	}
}

// waitTime is how long WAIT may take: half of the time for a reply, and at least a
// millisecond, because 0 would mean forever.
func waitTime(ctx context.Context, patience time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline))
	}
	return max(patience/2, time.Millisecond)
}

// shortfall returns an error if fewer replicas than wanted are known to have the write. It does
// not wrap the server's error, because that would seem to prove that nothing was written.
func shortfall(wait *redis.IntCmd, want int) error {
	if err := wait.Err(); err != nil {
		return errors.New("written, but nobody knows on how many replicas: " + err.Error())
	}
	if got := wait.Val(); got < int64(want) {
		return fmt.Errorf("written, but only %d of %d replicas are known to have it", got, want)
	}
	return nil
}
