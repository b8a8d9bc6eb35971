package counterredis

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

var (
	_ counter.Mover = (*Store)(nil)

	//go:embed move.lua
	moveScript string
	//go:embed take.lua
	takeScript string
	//go:embed add.lua
	addScript string
)

// The keys of a move, in steps, of the counter with the key a to the one with the key b:
//
//	{a}move      the intent: what was taken from a, and where it goes. It has a random id
//	{b}moved:id  whether b has it, or has rejected it
//
// They are in the slots of the counters, so that each step is atomic:
//
//  1. What a has goes into the intent.
//  2. It is added to b, and b's key says "done". If b can't have it, that says "rejected".
//  3. The intent is removed. If b has rejected it, a gets it back in the same step.
//  4. b's key expires.
//
// Whoever finds an intent goes on from step 2, which changes nothing if it was done. Until the
// intent is removed, b's key has no expiry. After that it is kept a while for those that read
// the intent earlier. If the process ends before step 4, the key stays.
const (
	intentPart = "move"
	movedPart  = "moved:"

	rejected = "rejected"

	movedLife = 24 * time.Hour
)

// Move implements [counter.Mover]. Unless the counters are in a Cluster, it is one step, and
// nothing has happened after an error that is not [counter.ErrUnknown].
func (s *Store) Move(ctx context.Context, from, to string) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if err := counter.CheckMove(from, to); err != nil {
		return err
	}
	fromKey, toKey := s.key(from), s.key(to)
	if s.cluster == nil {
		if moved, err := s.moveAtOnce(ctx, fromKey, toKey); moved || err != nil {
			return err
		}
	}
	for {
		id := rand.Text()
		intent, err := s.take(ctx, fromKey, toKey, id)
		if err != nil || intent == nil {
			return err
		}
		moved, refusal, err := s.finish(ctx, fromKey, intent)
		own := intent.ID == id
		switch {
		case err != nil:
			return err
		case refusal != nil && (own || intent.to == toKey):
			return writeError(ctx, "move to", toKey, refusal)
		case moved && own:
			return nil
		}
		// An earlier move is complete, or was rejected earlier. What is there now is to be moved.
	}
}

// moveAtOnce moves the counter in one step. moved is false if there is an earlier move to
// complete, or if the server is a proxy for several.
func (s *Store) moveAtOnce(ctx context.Context, from, to string) (moved bool, err error) {
	reply, err := s.withParts(ctx, "move", from, func(all parts) (string, error) {
		c := newCall()
		for _, key := range []string{from, to} {
			c.add(key)
			c.addKeys(key, []string{monthsPart, sourcesPart, intentPart})
		}
		c.addKeys(from, all.months, all.dates)
		c.addKeys(to, all.months, all.dates)
		expiries := [][2]any{}
		for _, date := range all.dates {
			if day, ok := parseDay(date); ok {
				expiries = append(expiries, [2]any{c.numbers[historyKey(to, date)], milliseconds(day.KeptUntil(s.historyHours))})
			}
		}
		return c.run(ctx, s, moveScript, struct {
			Months   int      `json:"months"`
			Dates    int      `json:"dates"`
			Expiries [][2]any `json:"expiries"`
		}{len(all.months), len(all.dates), expiries})
	})
	if replied(err, "CROSSSLOT ") {
		return false, nil
	}
	return reply == done, err
}

// intent is what was taken from a counter, to be added to another.
type intent struct {
	ID      string            `json:"id"`
	To      string            `json:"to"` // the other's key, escaped
	Value   string            `json:"value"`
	Days    map[string]string `json:"days"`    // counts by 2026-11-26
	Hours   map[string]string `json:"hours"`   // counts by 2026-11-26T13
	Sources map[string]string `json:"sources"` // totals

	to   string // the other's key
	text string // of all
}

// take returns the intent to move the counter: a new one with the id, or an earlier one. It
// returns nil if there is nothing to move.
func (s *Store) take(ctx context.Context, from, to, id string) (*intent, error) {
	reply, err := s.withParts(ctx, "move", from, func(all parts) (string, error) {
		c := newCall(from, historyKey(from, monthsPart), historyKey(from, sourcesPart), historyKey(from, intentPart))
		months := c.addKeys(from, all.months)
		c.addKeys(from, all.dates)
		return c.run(ctx, s, takeScript, struct {
			Months int    `json:"months"`
			ID     string `json:"id"`
			To     string `json:"to"`
		}{months, id, url.PathEscape(to)})
	})
	if err != nil || reply == "" {
		return nil, err
	}
	i := &intent{text: reply}
	if err = json.Unmarshal([]byte(reply), i); err == nil {
		i.to, err = url.PathUnescape(i.To)
	}
	if err != nil {
		return nil, fmt.Errorf("counterredis: the key %q holds no intent to move: %w", historyKey(from, intentPart), err)
	}
	return i, nil
}

// finish completes the move of an intent. If err is nil, the intent is gone: what was taken was
// moved, or was given back because the other counter can't have it. If finish has just asked
// the other counter, refusal says why.
func (s *Store) finish(ctx context.Context, from string, i *intent) (moved bool, refusal, err error) {
	marker := historyKey(i.to, movedPart+i.ID)
	taken := s.additionsOfIntent(i)
	state, err := s.addOnce(ctx, i.to, once{guard: marker, after: done}, i.Value, taken, i.Sources)
	if is := sentinel(err); errors.Is(is, counter.ErrOverflow) || errors.Is(is, counter.ErrType) {
		refusal = err
		state, err = s.reject(ctx, i.to, marker)
	}
	if err != nil {
		return false, nil, writeError(ctx, "move to", i.to, err)
	}
	end := once{guard: historyKey(from, intentPart), before: i.text}
	switch state {
	case done:
		refusal = nil // another call was faster
		_, err = s.addOnce(ctx, from, end, "0", s.additionsOf(nil), nil)
	case rejected:
		_, err = s.addOnce(ctx, from, end, i.Value, taken, i.Sources)
	default:
		err = errReply
	}
	if err != nil {
		return false, nil, writeError(ctx, "move", from, err)
	}
	expire := redis.NewIntCmd(ctx, "pexpireat", marker, time.Now().Add(movedLife).UnixMilli())
	_ = s.sendOne(ctx, i.to, expire, delivery{}) // the move is complete; otherwise it stays
	return state == done, refusal, nil
}

// reject writes down that the counter can't have an intent, unless it has it.
func (s *Store) reject(ctx context.Context, to, marker string) (state string, err error) {
	return s.addOnce(ctx, to, once{guard: marker, after: rejected}, "0", s.additionsOf(nil), nil)
}

// once guards an addition, so that it happens only once. The guard is a key whose text must be
// before, and becomes after. An empty text means that the key does not exist.
type once struct {
	guard         string
	before, after string
	source        string // if it isn't empty, its field of the sources is the guard
}

// addOnce adds to the counter under the key and returns the guard's new text. If the guard did
// not have the text that it must have, addOnce adds nothing and returns the text it had.
func (s *Store) addOnce(
	ctx context.Context, key string, o once, amount string, added *additions, sources map[string]string,
) (state string, err error) {
	c := newCall(key, historyKey(key, monthsPart), historyKey(key, sourcesPart), o.guard)
	c.addKeys(key, added.months())
	c.addKeys(key, added.dates())
	if sources == nil {
		sources = map[string]string{} // not null
	}
	reply, err := c.run(ctx, s, addScript, struct {
		Source  string            `json:"source"`
		Before  string            `json:"before"`
		After   string            `json:"after"`
		Amount  string            `json:"amount"`
		Sources map[string]string `json:"sources"`
		*steps
	}{o.source, o.before, o.after, amount, sources, added.steps(c, key)})
	if err != nil {
		return "", err
	}
	state, found := strings.CutPrefix(reply, "found")
	switch {
	case reply == done:
		return o.after, nil
	case found:
		return state, nil
	default:
		return "", errReply
	}
}

// additionsOfIntent returns what an intent adds to a history.
func (s *Store) additionsOfIntent(i *intent) *additions {
	var buckets []counter.Bucket
	rest := map[counter.Hour]int64{}
	for date, text := range i.Days {
		if day, ok := parseDay(date); ok {
			rest[day], _ = parse(text)
		}
	}
	for at, text := range i.Hours {
		date, field, _ := strings.Cut(at, "T")
		day, ok := parseDay(date)
		hour, err := strconv.Atoi(field)
		count, ok2 := parse(text)
		if ok && ok2 && err == nil && hour < counter.DayHours && rest[day] >= count {
			rest[day] -= count
			buckets = append(buckets, counter.Bucket{Start: day + counter.Hour(hour), Hours: 1, Count: count})
		}
	}
	for day, count := range rest {
		buckets = append(buckets, counter.Bucket{Start: day, Hours: counter.DayHours, Count: count})
	}
	return s.additionsOf(slices.DeleteFunc(buckets, func(b counter.Bucket) bool { return b.Count < 1 }))
}

// Bring implements [counter.Mover], in one step.
func (s *Store) Bring(ctx context.Context, name, source string, total int64, past []counter.Bucket) (added int64, err error) {
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckBring(name, source, total, past); err != nil {
		return 0, err
	}
	key := s.key(name)
	for range maxChanges {
		before, err := s.brought(ctx, key, source)
		if err != nil || total <= before {
			return 0, err
		}
		if before > 0 {
			past = nil
		}
		o := once{guard: historyKey(key, sourcesPart), source: source, after: done}
		if before > 0 {
			o.before = strconv.FormatInt(before, 10)
		}
		state, err := s.addOnce(ctx, key, o, strconv.FormatInt(total-before, 10), s.additionsOf(past), nil)
		if err != nil {
			return 0, writeError(ctx, "bring to", key, err)
		}
		if state == done {
			return total - before, nil
		}
		// Another call has brought from the same source in the meantime.
	}
	return 0, readError(ctx, "bring to", key, errChanging)
}

// Brought implements [counter.Mover].
func (s *Store) Brought(ctx context.Context, name, source string) (total int64, err error) {
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckBring(name, source, 0, nil); err != nil {
		return 0, err
	}
	return s.brought(ctx, s.key(name), source)
}

func (s *Store) brought(ctx context.Context, key, source string) (total int64, err error) {
	cmd := redis.NewStringCmd(ctx, "hget", historyKey(key, sourcesPart), source)
	switch err := s.sendOne(ctx, key, cmd, delivery{reads: true}); {
	case missing(err):
		return 0, nil
	case err != nil:
		return 0, readError(ctx, "read the sources of", key, err)
	}
	total, ok := parse(cmd.Val())
	if !ok || total < 1 {
		return 0, fmt.Errorf("%w: in %q, the total of %q is not a number above 0", counter.ErrRecord, historyKey(key, sourcesPart), source)
	}
	return total, nil
}
