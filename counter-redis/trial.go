package counterredis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errTrial says that the server answers but does not do what batches need.
var errTrial = errors.New("it does not do what counting needs")

// try sends the commands that batches need, each with an argument that is not an integer,
// so nothing changes. It returns nil if the server refused that argument, because then it
// has the command, permits it to this user and runs the script. A refusal by the script
// itself also proves that. Any other answer is errTrial, unless the server is not ready.
// Being not ready, like any other failure, says nothing about what the server can do.
//
// It does not test which keys the user may use, because the names of counters are unknown.
func (s *Store) try(ctx context.Context) error {
	const no = "not an integer"
	key := s.key("counterredis")
	one, other := recordKey(key, "trial"), recordKey(key, "record") // which no counter has
	commands := []*command{
		{Cmder: redis.NewCmd(ctx, "eval", script, 2, one, other, 0, 0, 0, no)}, // gets as far as SET, and is loaded
		{Cmder: redis.NewCmd(ctx, "evalsha", scriptHash, 2, one, other, 0, 0, 0, no)},
		{Cmder: redis.NewCmd(ctx, "incrby", one, no)},
	}
	if s.replicas > 0 {
		commands = append(commands, &command{Cmder: redis.NewCmd(ctx, "wait", no, 0)})
	}
	for _, c := range commands {
		c.key = key
	}
	s.send(ctx, commands, delivery{reads: true})
	for _, c := range commands {
		switch err := c.err; {
		case err == nil:
			return fmt.Errorf("%w: %s succeeds where it must not", errTrial, strings.ToUpper(c.Name()))
		case sentinel(err) != nil, deniedKey(err), replied(err, "NOSCRIPT "): // the script that EVAL loaded may already be gone
		case !replied(err, ""), unready(err):
			return err
		default:
			return fmt.Errorf("%w: %s: %w", errTrial, strings.ToUpper(c.Name()), cause(ctx, err))
		}
	}
	return nil
}
