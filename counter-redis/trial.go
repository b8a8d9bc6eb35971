package counterredis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

// errTrial says that the server answers but does not do what batches need.
var errTrial = errors.New("it does not do what counting needs")

// try sends the commands that batches need, each with an argument that is not an integer, so
// nothing changes. It returns nil if the server refused that argument, because then it has the
// command, permits it to this user and runs the script. A refusal by the script itself also
// proves that. Commands that take no integer ask for something that does not exist. Any other
// answer is errTrial, unless the server is not ready or refuses the login. That, like any other
// failure, says nothing about what the server can do.
//
// It does not test which counters the user may use, except that a user who may use a record must
// be able to use a history. For the counters of Options.TryNames, see tryKeys.
func (s *Store) try(ctx context.Context) error {
	const no = "not an integer"
	key := s.key("counterredis")
	one, other := recordKey(key, "trial"), recordKey(key, "record") // which no counter has
	commands := []*command{
		{Cmder: redis.NewCmd(ctx, "eval", script, 2, one, other, 0, 0, 0, no)}, // gets as far as SET, and is loaded
		{Cmder: redis.NewCmd(ctx, "evalsha", scriptHash, 2, one, other, 0, 0, 0, no)},
		{Cmder: redis.NewCmd(ctx, "incrby", one, no)},
	}
	finds := []string{"hdel", "hget", "hgetall"} // nothing, without an error
	if !s.noHistory {
		history := historyKey(key, monthsPart)
		commands = append(commands,
			&command{Cmder: redis.NewCmd(ctx, "hincrby", history, "field", no)},
			&command{Cmder: redis.NewCmd(ctx, "pexpireat", history, no)},
			&command{Cmder: redis.NewCmd(ctx, "hdel", history, "field")},
			&command{Cmder: redis.NewCmd(ctx, "hget", history, "field")},
			&command{Cmder: redis.NewCmd(ctx, "hgetall", history)},
		)
	}
	if s.replicas > 0 {
		commands = append(commands, &command{Cmder: redis.NewCmd(ctx, "wait", no, 0)})
	}
	for _, c := range commands {
		c.key = key
	}
	s.send(ctx, commands, delivery{reads: true})
	mayUseRecord := !deniedKey(commands[0].err)
	for _, c := range commands {
		switch err := c.err; {
		case (err == nil || missing(err)) && slices.Contains(finds, c.Name()):
		case err == nil:
			return fmt.Errorf("%w: %s succeeds where it must not", errTrial, strings.ToUpper(c.Name()))
		case deniedKey(err) && mayUseRecord:
			return fmt.Errorf("%w: this user may not use the keys of histories, such as %s: %w", errTrial, c.Args()[1], cause(ctx, err))
		case sentinel(err) != nil, deniedKey(err), replied(err, "NOSCRIPT "): // the script that EVAL loaded may already be gone
		case !replied(err, ""), unready(err), refused(err):
			return err
		default:
			return fmt.Errorf("%w: %s: %w", errTrial, strings.ToUpper(c.Name()), cause(ctx, err))
		}
	}
	return s.tryKeys(ctx, s.tried)
}

// KeysError says that the Redis user may add to a counter, but may not use another key that its
// batches need. The server refuses those batches, so views of the counter are not counted.
type KeysError struct {
	Key     string // of the counter
	Denied  string // the key that the user may not use
	History bool   // the key is for the history alone, and not needed with Options.NoHistory
	err     error
}

// Error implements the error interface.
func (e *KeysError) Error() string {
	what := "which makes each addition count once"
	if e.History {
		what = "which its history needs"
	}
	return fmt.Sprintf("%v: this user may use the key %s, but not %s, %s: permit it ~%s: %v",
		errTrial, word(e.Key), word(e.Denied), what, globOf([]string{historyKey(e.Key, "")}), e.err)
}

// Unwrap returns the server's error, and one that [Open] reports as [ErrRefused].
func (e *KeysError) Unwrap() []error { return []error{errTrial, e.err} }

// tryKeys returns a *KeysError if the user may add to one of the counters under the keys, but
// may not use a key that its batches need. Like try, it changes nothing.
func (s *Store) tryKeys(ctx context.Context, keys []string) error {
	const no = "not an integer"
	var commands []*command
	perKey := 0
	for _, key := range keys {
		try := func(words ...any) {
			commands = append(commands, &command{Cmder: redis.NewCmd(ctx, words...), key: key})
		}
		before := len(commands)
		record := recordKey(key, "trial")
		try("incrby", key, no)
		try("set", record, 0, "px", no)
		if !s.noHistory {
			today := s.momentOf(counter.HistoryHour(time.Now()))
			for _, part := range []string{monthsPart, today.month, today.date} {
				try("hincrby", historyKey(key, part), "field", no)
			}
		}
		perKey = len(commands) - before
	}
	s.sendAll(ctx, commands, delivery{reads: true})
	for i, c := range commands {
		own := commands[i-i%perKey]
		if !deniedKey(c.err) || deniedKey(own.err) || own.err == nil {
			continue
		}
		denied, _ := c.Args()[1].(string)
		return &KeysError{Key: c.key, Denied: denied, History: i%perKey > 1, err: cause(ctx, c.err)}
	}
	return nil
}
