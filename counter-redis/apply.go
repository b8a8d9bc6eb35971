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
// of a Cluster, in one pipeline. Where one server has all keys, batches share calls of a
// script. It sends a batch a second time only if the server says that it does not have the
// script, that another node has the counter, or that the batch needs a call of its own.
func (s *Store) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	if err := s.usable(ctx); err != nil {
		for i := range results {
			results[i].Err = err
		}
		return results
	}
	items := make([]item, 0, len(batches))
	for i := range batches {
		if results[i].Err = batches[i].Check(); results[i].Err == nil {
			items = append(items, s.item(&batches[i], &results[i]))
		}
	}
	if len(items) == 0 {
		return results
	}
	s.hand.useAll(items)
	began := time.Now()

	runs := s.runs(ctx, items, s.together.yes())
	s.call(ctx, runs)
	var alone []item
	for i := range runs {
		alone = append(alone, s.resolve(ctx, &runs[i], began)...)
	}
	if len(alone) == 0 {
		if s.cluster == nil && len(items) > 1 && items[0].result.Err == nil {
			s.together.learn(ctx, s, items[0].key)
		}
		return results
	}

	if err := s.usable(ctx); err != nil {
		for _, it := range alone {
			it.result.Err = writeError(ctx, "add to", it.key, &unsentError{err})
		}
		return results
	}
	runs = s.runs(ctx, alone, false)
	s.call(ctx, runs)
	for i := range runs {
		s.resolve(ctx, &runs[i], began)
	}
	return results
}

// item is a batch as the scripts take it.
type item struct {
	key, record         string
	days, hours, months string  // the keys of the history
	at                  *moment // nil if the history does not change
	delta, sum, before  int64

	result *counter.Result
}

func (s *Store) item(batch *counter.Batch, result *counter.Result) item {
	it := item{key: s.key(batch.Name), delta: batch.Delta, sum: batch.Sum, before: batch.Sum - batch.Delta, result: result}
	if batch.Hour == 0 || s.noHistory {
		it.record = recordKey(it.key, batch.Writer)
		return it
	}
	it.at = s.momentOf(batch.Hour)
	it.record, it.days, it.hours, it.months = it.at.keys(it.key, batch.Writer)
	return it
}

// joins reports whether the item can be in one call with the other.
func (it *item) joins(other *item) bool {
	if it.at == nil || other.at == nil {
		return it.at == other.at
	}
	return it.at.hour == other.at.hour
}

// appendKeys appends the keys. The item must not be moved afterwards: a pointer needs no
// memory of its own.
func (it *item) appendKeys(words []any) []any {
	words = append(words, &it.key, &it.record)
	if it.at != nil {
		words = append(words, &it.days, &it.hours, &it.months)
	}
	return words
}

// appendNumbers appends what the scripts add. The item must not be moved afterwards.
func (it *item) appendNumbers(words []any) []any {
	return append(words, &it.delta, &it.sum, &it.before)
}

// run is a call of a script for items.
type run struct {
	command

	items []item
	words []any
	text  *redis.StringCmd // what it returns
}

// maxWords is how many words a call for one item has, at most.
const maxWords = 16

// runs returns the calls that the items need. If they may be together, those that can be
// share a call.
func (s *Store) runs(ctx context.Context, items []item, together bool) []run {
	runs := make([]run, 0, len(items)) // must not move
	words := make([]any, 0, maxWords*len(items))
	expiry := any(s.expiry.Milliseconds())
	for len(items) > 0 {
		n := 1
		for together && items[0].delta > 0 && n < min(len(items), maxTogether) && items[n].delta > 0 && items[n].joins(&items[0]) {
			n++
		}
		runs = append(runs, run{items: items[:n:n]})
		r := &runs[len(runs)-1]
		r.key = items[0].key
		begin := len(words)
		if n == 1 {
			words = appendAlone(words, &items[0], expiry)
		} else {
			words = appendTogether(words, r.items, expiry)
		}
		r.words = words[begin:len(words):len(words)]
		r.text = redis.NewStringCmd(ctx, r.words...)
		r.Cmder = r.text
		items = items[n:]
	}
	return runs
}

// appendAlone appends the words of a call of script.
func appendAlone(words []any, it *item, expiry any) []any {
	keys := 2
	if it.at != nil {
		keys = 5
	}
	words = it.appendKeys(append(words, "evalsha", scriptHash, keys))
	words = append(it.appendNumbers(words), expiry)
	if it.at != nil {
		words = append(words, &it.at.dayField, &it.at.hourField, &it.at.month, &it.at.expiry)
	}
	return words
}

// appendTogether appends the words of a call of togetherScript.
func appendTogether(words []any, items []item, expiry any) []any {
	width, at := 2, &moment{}
	if items[0].at != nil {
		width, at = 5, items[0].at
	}
	words = append(words, "evalsha", togetherHash, width*len(items))
	for i := range items {
		words = items[i].appendKeys(words)
	}
	words = append(words, width, expiry, &at.dayField, &at.hourField, &at.month, &at.expiry)
	for i := range items {
		words = items[i].appendNumbers(words)
	}
	return words
}

// call makes the calls, again if the server does not have their script.
func (s *Store) call(ctx context.Context, runs []run) {
	commands := make([]*command, 0, len(runs))
	for i := range runs {
		commands = append(commands, &runs[i].command)
	}
	s.send(ctx, commands, delivery{replicas: s.replicas})

	lost := commands[:0]
	for i := range runs {
		if r := &runs[i]; replied(r.err, "NOSCRIPT ") {
			r.words[0], r.words[1] = "eval", script
			if len(r.items) > 1 {
				r.words[1] = togetherScript
			}
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
}

// resolve sets the results of the items. It returns those that the call did not apply: each of
// them needs a call of its own.
func (s *Store) resolve(ctx context.Context, r *run, began time.Time) (left []item) {
	if len(r.items) == 1 {
		s.resolveOne(ctx, &r.items[0], r.text.Val(), r.err, began)
		return nil
	}
	err := r.err
	if replied(err, "") && !unready(err) || replied(err, "MOVED ", "CROSSSLOT ") {
		// Perhaps it would do a call for each.
		s.together.never()
		if unchanged(err) || replied(err, "CROSSSLOT ") {
			return r.items
		}
	}
	rest := r.text.Val()
	if err == nil && strings.Count(rest, ",") != len(r.items)-1 {
		err = errReply
	}
	for i := range r.items {
		var text string
		text, rest, _ = strings.Cut(rest, ",")
		if err == nil && text == "" {
			left = append(left, r.items[i])
		} else {
			s.resolveOne(ctx, &r.items[i], text, err, began)
		}
	}
	return left
}

// resolveOne sets the result of an item from the reply about it.
func (s *Store) resolveOne(ctx context.Context, it *item, text string, err error, began time.Time) {
	var life time.Duration
	if err == nil {
		*it.result, life, err = parseResult(text)
	}
	if life > 0 {
		s.hand.expires(it.key, began.Add(life))
	}
	if err != nil {
		it.result.Err = writeError(ctx, "add to", it.key, err)
	}
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
const scriptHash = "6b89a129c8756320d052f6af92f2f80732bcb166"
