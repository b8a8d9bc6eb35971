package counterredis

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Applier = (*Store)(nil)

// Apply implements [counter.Applier]. One batch is one command, several are one
// pipeline, and each is sent once: again only where the server says that it had
// lost the script, which is then sent along.
func (s *Store) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	calls := make([]call, 0, len(batches))
	ended := s.open(ctx)
	for i, batch := range batches {
		if err := cmp.Or(ended, batch.Check()); err != nil {
			results[i].Err = err
			continue
		}
		calls = append(calls, call{batch: batch, key: s.key(batch.Name), result: &results[i]})
	}
	s.send(ctx, calls, "evalsha", s.scriptHash)
	lost := slices.DeleteFunc(calls, func(c call) bool { return !replied(c.cmd.Err(), "NOSCRIPT ") })
	if s.open(ctx) == nil {
		s.send(ctx, lost, "eval", script)
	}
	return results
}

// call is a batch on its way.
type call struct {
	batch  counter.Batch
	key    string // of the counter
	cmd    *redis.StringCmd
	result *counter.Result
}

// send sends each call by the command, which is followed by the script or its
// hash, and sets the results.
func (s *Store) send(ctx context.Context, calls []call, command, script string) {
	cmds := make([]redis.Cmder, len(calls))
	for i := range calls {
		c := &calls[i]
		c.cmd = redis.NewStringCmd(ctx, command, script, 2, c.key, recordKey(c.key, c.batch.Writer),
			c.batch.Delta, c.batch.Sum, c.batch.Sum-c.batch.Delta, s.expiry.Milliseconds())
		cmds[i] = once{c.cmd}
	}
	// Each command has its own error, but for that of a login, which none has.
	err := s.process(ctx, cmds)
	if slices.ContainsFunc(calls, call.answered) {
		err = nil
	}
	for _, c := range calls {
		c.settle(ctx, err)
	}
}

// process sends one command as such, and several as a pipeline.
func (s *Store) process(ctx context.Context, cmds []redis.Cmder) error {
	if len(cmds) == 1 {
		return s.client.Process(ctx, cmds[0])
	}
	pipe := s.client.Pipeline()
	_ = pipe.BatchProcess(ctx, cmds...) // only takes them
	_, err := pipe.Exec(ctx)
	return err
}

// answered says that go-redis has left an answer, or an error, on the command.
func (c call) answered() bool { return c.cmd.Err() != nil || c.cmd.Val() != "" }

// settle sets the result. The error is why nothing was sent, if so.
func (c call) settle(ctx context.Context, unsent error) {
	err := cmp.Or(c.cmd.Err(), unsent)
	if err == nil {
		*c.result, err = parseResult(c.cmd.Val())
	}
	if err != nil {
		c.result.Err = writeError(ctx, "add to", c.key, err)
	}
}

// parseResult reads what the script returns.
func parseResult(text string) (counter.Result, error) {
	left, right, _ := strings.Cut(text, ":")
	total, ok := parse(left)
	healed, ok2 := parse(right)
	if !ok || !ok2 {
		return counter.Result{}, errors.New("no answer of the script's")
	}
	return counter.Result{Total: total, Healed: healed}, nil
}

// Forget implements [counter.Applier].
func (s *Store) Forget(ctx context.Context, batches []counter.Batch) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	pipe := s.client.Pipeline()
	for _, batch := range batches {
		pipe.Del(ctx, recordKey(s.key(batch.Name), batch.Writer))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return readError(ctx, "forget records", "", err)
	}
	return nil
}

// Retention implements [counter.Applier]: it is [Options].RecordExpiry.
func (s *Store) Retention() time.Duration { return s.expiry }
