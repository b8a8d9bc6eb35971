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

// Apply implements [counter.Applier]. Batches go to the server, or to each node of
// a Cluster, in one pipeline, and each is sent once: again only where the server
// says that it had lost the script, which is then sent along, or that another node
// has the counter.
func (s *Store) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	calls := make([]call, 0, len(batches))
	ended := s.open(ctx)
	for i, batch := range batches {
		if err := cmp.Or(ended, batch.Check()); err != nil {
			results[i].Err = err
			continue
		}
		calls = append(calls, call{batch: batch, result: &results[i], write: write{key: s.key(batch.Name)}})
	}
	s.call(ctx, calls, "evalsha", s.scriptHash)
	lost := slices.DeleteFunc(calls, func(c call) bool { return !replied(c.write.err, "NOSCRIPT ") })
	if s.open(ctx) == nil {
		s.call(ctx, lost, "eval", script)
	}
	return results
}

// call is a batch on its way.
type call struct {
	batch  counter.Batch
	cmd    *redis.StringCmd
	write  write
	result *counter.Result
}

// call sends each call by the command, which is followed by the script or its
// hash, and sets the results.
func (s *Store) call(ctx context.Context, calls []call, command, script string) {
	if len(calls) == 0 {
		return
	}
	writes := make([]*write, len(calls))
	for i := range calls {
		c := &calls[i]
		c.cmd = redis.NewStringCmd(ctx, command, script, 2, c.write.key, recordKey(c.write.key, c.batch.Writer),
			c.batch.Delta, c.batch.Sum, c.batch.Sum-c.batch.Delta, s.expiry.Milliseconds())
		c.write.cmd = c.cmd
		writes[i] = &c.write
	}
	s.send(ctx, writes, s.replicas)
	for _, c := range calls {
		c.settle(ctx)
	}
}

// settle sets the result.
func (c call) settle(ctx context.Context) {
	err := c.write.err
	if err == nil {
		*c.result, err = parseResult(c.cmd.Val())
	}
	if err != nil {
		c.result.Err = writeError(ctx, "add to", c.write.key, err)
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

// Forget implements [counter.Applier]. It waits for no replica: what is left on one
// expires.
func (s *Store) Forget(ctx context.Context, batches []counter.Batch) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	writes := make([]*write, len(batches))
	for i, batch := range batches {
		key := s.key(batch.Name)
		writes[i] = &write{key: key, cmd: redis.NewIntCmd(ctx, "del", recordKey(key, batch.Writer))}
	}
	s.send(ctx, writes, 0)
	for _, w := range writes {
		if w.err != nil {
			return readError(ctx, "forget records", "", w.err)
		}
	}
	return nil
}

// Retention implements [counter.Applier]: it is [Options].RecordExpiry.
func (s *Store) Retention() time.Duration { return s.expiry }
