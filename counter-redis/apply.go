package counterredis

import (
	"context"
	_ "embed"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

// Apply implements [counter.Backend]. It sends the batches to the server, or to each node
// of a Cluster, in one pipeline. It sends a batch a second time only if the server says
// that it does not have the script or that another node has the counter.
func (s *Store) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	if err := s.usable(ctx); err != nil {
		for i := range results {
			results[i].Err = err
		}
		return results
	}
	runs := make([]run, len(batches)) // one allocation for all
	commands := make([]*command, 0, len(batches))
	for i := range batches {
		batch := &batches[i]
		if results[i].Err = batch.Check(); results[i].Err != nil {
			continue
		}
		runs[i].init(ctx, s, *batch)
		commands = append(commands, &runs[i].command)
	}
	if len(commands) == 0 {
		return results
	}
	s.hand.useAll(commands)
	began := time.Now()
	s.send(ctx, commands, delivery{replicas: s.replicas})

	lost := commands[:0]
	for i := range runs {
		if r := &runs[i]; replied(r.err, "NOSCRIPT ") {
			r.words[0], r.words[1] = "eval", script
			lost = append(lost, &r.command)
		}
	}
	if err := s.usable(ctx); err != nil {
		for _, c := range lost {
			c.err = &unsentError{err}
		}
	} else if len(lost) > 0 {
		s.send(ctx, lost, delivery{replicas: s.replicas})
	}

	for i := range runs {
		r := &runs[i]
		if r.text == nil {
			continue // its batch was refused above
		}
		err := r.err
		if err == nil {
			var left time.Duration
			results[i], left, err = parseResult(r.text.Val())
			if left > 0 {
				s.hand.expires(r.key, began.Add(left))
			}
		}
		if err != nil {
			results[i].Err = writeError(ctx, "add to", r.key, err)
		}
	}
	return results
}

// run is a call of the script for a batch.
type run struct {
	command

	text  *redis.StringCmd // what it returns
	words [16]any          // most of them point to the fields below, and so need no memory of their own

	record              string
	days, hours, months string // the keys of the history
	at                  *moment
	delta, sum, before  int64
	expiry              int64 // in milliseconds
}

// init prepares the call for the batch. The run must not be moved afterwards.
func (r *run) init(ctx context.Context, s *Store, batch counter.Batch) {
	r.key = s.key(batch.Name)
	r.delta, r.sum, r.before = batch.Delta, batch.Sum, batch.Sum-batch.Delta
	r.expiry = s.expiry.Milliseconds()
	words := append(r.words[:0], "evalsha", scriptHash, 2, &r.key, &r.record)
	if batch.Hour == 0 || s.noHistory {
		r.record = recordKey(r.key, batch.Writer)
	} else {
		words[2] = 5
		r.at = s.momentOf(batch.Hour)
		r.record, r.days, r.hours, r.months = r.at.keys(r.key, batch.Writer)
		words = append(words, &r.days, &r.hours, &r.months)
	}
	words = append(words, &r.delta, &r.sum, &r.before, &r.expiry)
	if r.at != nil {
		words = append(words, &r.at.dayField, &r.at.hourField, &r.at.month, &r.at.expiry)
	}
	r.text = redis.NewStringCmd(ctx, words...)
	r.Cmder = r.text
}

// errReply says that the server does not run scripts as Redis does.
var errReply = errors.New("the reply is not one of the script's")

// parseResult reads the script's reply. left is how long the counter still lives, or 0 if
// the reply does not say.
func parseResult(text string) (result counter.Result, left time.Duration, err error) {
	total, rest, _ := strings.Cut(text, ":")
	healed, life, expires := strings.Cut(rest, ":")
	var ok, ok2 bool
	result.Total, ok = parse(total)
	result.Healed, ok2 = parse(healed)
	ms, ok3 := int64(0), true
	if expires {
		ms, ok3 = parse(life)
	}
	if !ok || !ok2 || !ok3 {
		return counter.Result{}, 0, errReply
	}
	return result, time.Duration(min(ms, int64(maxTime/time.Millisecond))) * time.Millisecond, nil
}

// Retention implements [counter.Backend]: it is [Options].RecordExpiry.
func (s *Store) Retention() time.Duration { return s.expiry }

// script applies one batch. It keeps to what Redis 6.2 knows.
//
//go:embed script.lua
var script string

// scriptHash is the SHA-1 of the script, by which a server knows it. It is a constant
// because programs under GODEBUG=fips140=only must not compute SHA-1.
const scriptHash = "abd72d4779c35ae4ca859ea90a7e56b3a7196d35"
