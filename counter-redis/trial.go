package counterredis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

// errTrial says that the server answers but does not do what batches need.
var errTrial = errors.New("it does not do what counting needs")

// effect is what becomes of views if the server refuses a command, the worst first.
type effect int

const (
	countsNothing effect = iota
	forgetsScripts
	hidesNumbers
	keepsHours
	hidesHistory
)

// String says it in a sentence.
func (e effect) String() string {
	switch e {
	case forgetsScripts:
		return "Views are counted until Redis forgets its scripts, as it does when it restarts."
	case hidesNumbers:
		return "Views are counted, but their numbers are not shown, because nobody knows how many replicas have them."
	case keepsHours:
		return "Views are counted, but the hours of their history are not removed when they are old."
	case hidesHistory:
		return "Views are counted, but their history can't always be shown or changed."
	case countsNothing:
	}
	return "No view is counted."
}

// trialError says that the server refuses a command, or answers it as Redis does not.
type trialError struct {
	effect effect
	err    error
}

// Error implements the error interface.
func (e *trialError) Error() string { return fmt.Sprintf("%v: %v", errTrial, e.err) }

// Unwrap returns the server's error, and one that [Open] reports as [ErrRefused].
func (e *trialError) Unwrap() []error { return []error{errTrial, e.err} }

// try sends the commands that batches need, each with an argument that is not an integer, so
// nothing changes. It returns nil if the server refused that argument, because then it has the
// command, permits it to this user and runs the script. A refusal by the script itself also
// proves that. Commands that take no integer ask for something that does not exist. Any other
// answer is a *trialError, unless the server is not ready or refuses the login. That, like any
// other failure, says nothing about what the server can do. Of several it returns the worst.
//
// It does not test which counters the user may use, except that a user who may use a record must
// be able to use a history. For the counters of Options.TryNames, see tryKeys.
func (s *Store) try(ctx context.Context) error {
	key := s.key("counterredis")
	demands := s.demands(ctx, key)
	commands := make([]*command, len(demands))
	for i, d := range demands {
		commands[i] = d.command
	}
	var elsewhere []*command
	if s.cluster == nil {
		elsewhere = spread(ctx, key)
	}
	s.send(ctx, slices.Concat(commands, elsewhere), delivery{reads: true})
	if eval, evalsha := demands[0], demands[1]; !denied(eval.err) || sentinel(evalsha.err) == nil {
		demands[0].effect = countsNothing // EVALSHA does not make up for it
	}
	if err := worst(demands); err != nil {
		return err
	}
	for _, c := range elsewhere {
		if replied(c.err, "MOVED ") {
			return c.err
		}
	}
	return s.tryKeys(ctx, s.tried)
}

// demand is a command that batches need, and what becomes of views if the server refuses it.
type demand struct {
	*command
	effect effect
}

// demands returns what is tried, EVAL and EVALSHA first.
func (s *Store) demands(ctx context.Context, key string) []demand {
	const no = "not an integer"
	one, other := recordKey(key, "trial"), recordKey(key, "record") // which no counter has
	var all []demand
	add := func(effect effect, words ...any) {
		all = append(all, demand{&command{Cmder: redis.NewCmd(ctx, words...), key: key}, effect})
	}
	add(forgetsScripts, "eval", script, 2, one, other, 0, 0, 0, no) // gets as far as SET, and is loaded
	add(countsNothing, "evalsha", scriptHash, 2, one, other, 0, 0, 0, no)
	add(countsNothing, "incrby", one, no)
	if !s.noHistory {
		history := historyKey(key, monthsPart)
		add(countsNothing, "hincrby", history, "field", no)
		add(keepsHours, "pexpireat", history, no)
		add(hidesHistory, "hdel", history, "field")
		add(hidesHistory, "hget", history, "field")
		add(hidesHistory, "hgetall", history)
	}
	if s.replicas > 0 {
		add(hidesNumbers, "wait", no, 0)
	}
	return all
}

// worst returns the error of the demand whose refusal has the worst effect, a *trialError, or the
// first error that says nothing about the demands.
func worst(demands []demand) error {
	mayUseRecord := !deniedKey(demands[0].err)
	least := hidesHistory + 1
	var found error
	for _, d := range demands {
		reason, unknown := judge(d.command, mayUseRecord)
		if unknown != nil {
			return cmp.Or(found, unknown)
		}
		if reason != nil && d.effect < least {
			least, found = d.effect, &trialError{d.effect, reason}
		}
	}
	return found
}

// judge returns the reason if the answer to a command of try shows that the server does not do
// what batches need, or the error if the answer says nothing about that.
func judge(c *command, mayUseRecord bool) (reason, unknown error) {
	name := strings.ToUpper(c.Name())
	succeeded := c.err == nil || missing(c.err)
	switch {
	case succeeded && (name == "HDEL" || name == "HGET" || name == "HGETALL"): // they find nothing, without an error
	case succeeded:
		reason = fmt.Errorf("%s succeeds where it must not", name)
	case deniedKey(c.err) && mayUseRecord:
		reason = fmt.Errorf("this user may not use the keys of histories, such as %s: %w", c.Args()[1], c.err)
	case sentinel(c.err) != nil, deniedKey(c.err), replied(c.err, "NOSCRIPT "): // the script that EVAL loaded may already be gone
	case !replied(c.err, ""), unready(c.err), refused(c.err):
		unknown = c.err
	default:
		reason = fmt.Errorf("%s: %w", name, c.err)
	}
	return reason, unknown
}

// spread returns commands that ask for keys of many slots. A node of a Cluster may have the slots
// of some of them. The keys begin like the records of a counter, because the user may not be
// permitted to use others.
func spread(ctx context.Context, key string) []*command {
	const keys = 16
	commands := make([]*command, keys)
	for i := range commands {
		like := recordKey(key+strconv.Itoa(i), "server")
		commands[i] = &command{Cmder: redis.NewCmd(ctx, "get", like), key: like}
	}
	return commands
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
// may not use a key that its batches need. If another node has the key, it returns that answer.
// Like try, it changes nothing.
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
		if s.cluster == nil && replied(c.err, "MOVED ") {
			return c.err
		}
		own := commands[i-i%perKey]
		if !deniedKey(c.err) || deniedKey(own.err) || own.err == nil {
			continue
		}
		denied, _ := c.Args()[1].(string)
		return &KeysError{Key: c.key, Denied: denied, History: i%perKey > 1, err: cause(ctx, c.err)}
	}
	return nil
}
