package counterredis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// write is a command that changes a key, or a key and one of the same slot. It
// is sent at most once, but where a node of a Cluster says that another has the
// key.
type write struct {
	key string
	cmd redis.Cmder
	err error // how it ended
}

// node is a server, or what stands for one.
type node interface {
	Process(ctx context.Context, cmd redis.Cmder) error
	Pipeline() redis.Pipeliner
}

// send sends the writes, those for one server in one pipeline, and sets how each
// ended. They count as done once so many replicas have them.
func (s *Store) send(ctx context.Context, writes []*write, replicas int) {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		s.route(ctx, cluster, writes, replicas)
		return
	}
	s.exchange(ctx, s.client, writes, exchange{replicas: replicas})
}

// exchange says how writes are sent to a server.
type exchange struct {
	replicas int
	asking   bool // the server takes over their slots, and is not known to have them
}

// exchange sends the writes to the server and sets how each ended.
func (s *Store) exchange(ctx context.Context, to node, writes []*write, how exchange) {
	if len(writes) == 1 && how == (exchange{}) {
		writes[0].err = to.Process(ctx, once{writes[0].cmd})
		return
	}
	pipe := to.Pipeline()
	for _, w := range writes {
		if how.asking {
			pipe.Do(ctx, "asking")
		}
		_ = pipe.Process(ctx, once{w.cmd}) // only takes it
	}
	var wait *redis.IntCmd
	if how.replicas > 0 {
		// On the same connection, for it waits for what this has written.
		wait = redis.NewIntCmd(ctx, "wait", how.replicas, s.waitTime(ctx).Milliseconds())
		_ = pipe.Process(ctx, wait)
	}
	cmds, err := pipe.Exec(ctx)
	// Each command has its own error, but for that of a login, which none has.
	if slices.ContainsFunc(cmds, func(cmd redis.Cmder) bool { return cmd.Err() != nil }) {
		err = nil
	}
	for _, w := range writes {
		w.err = w.cmd.Err()
		switch {
		case w.err == nil && err != nil:
			w.err = err
		case w.err == nil && wait != nil:
			w.err = shortfall(wait, how.replicas)
		}
	}
}

// waitTime is how long a server may take to tell that its replicas have a write:
// half of what it has to answer, a millisecond at least, for 0 would be for ever.
func (s *Store) waitTime(ctx context.Context) time.Duration {
	patience := s.patience
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline))
	}
	return max(patience/2, time.Millisecond)
}

// shortfall returns an error if fewer replicas than wanted are known to have what
// was written. It wraps none of the server's: those prove that nothing happened.
func shortfall(wait *redis.IntCmd, want int) error {
	if err := wait.Err(); err != nil {
		return errors.New("written, but nobody knows on how many replicas: " + err.Error())
	}
	if got := wait.Val(); got < int64(want) {
		return fmt.Errorf("written, but only %d of %d replicas are known to have it", got, want)
	}
	return nil
}
