package counterredis

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

// The scripts that change whole histories. They run so rarely that their text is sent each
// time.
var (
	//go:embed history.lua
	historyScript string
	//go:embed replace.lua
	replaceScript string
)

// What the scripts return: that they are done, or that they were not given all keys of a
// history.
const (
	done    = "done"
	changed = "changed"
)

// maxChanges is how often a script is sent as long as keys are missing. Once the keys were
// read, they are missing only if the history has got a new day in the meantime.
const maxChanges = 10

var errChanging = errors.New("the history has changed each time that it was read")

// SetHistory implements [counter.Historian].
func (s *Store) SetHistory(ctx context.Context, name string, buckets []counter.Bucket) error {
	if err := s.ready(ctx, name); err != nil {
		return err
	}
	if err := counter.CheckBuckets(buckets); err != nil {
		return err
	}
	return s.replace(ctx, "set the history of", s.key(name), false, buckets)
}

// replace replaces the history of the counter under the key, or removes the counter with all
// that belongs to it.
func (s *Store) replace(ctx context.Context, verb, key string, remove bool, buckets []counter.Bucket) error {
	added := s.additionsOf(buckets)
	_, err := s.withParts(ctx, verb, key, func(old parts) (string, error) {
		c := newCall(key, historyKey(key, monthsPart), historyKey(key, sourcesPart))
		months := c.addKeys(key, old.months, added.months())
		c.addKeys(key, old.dates, added.dates())
		return c.run(ctx, s, replaceScript, struct {
			Months int  `json:"months"`
			Remove bool `json:"remove"`
			*steps
		}{months, remove, added.steps(c, key)})
	})
	return err
}

// withParts runs a script that needs all keys of a history. It first assumes that there is no
// history.
func (s *Store) withParts(ctx context.Context, verb, key string, run func(parts) (string, error)) (reply string, err error) {
	var all parts
	for range maxChanges {
		reply, err = run(all)
		if err != nil {
			return "", writeError(ctx, verb, key, err)
		}
		if reply != changed {
			return reply, nil
		}
		if all, err = s.parts(ctx, key); err != nil {
			return "", err
		}
	}
	return "", readError(ctx, verb, key, errChanging)
}

// parts are the ends of the keys of a history.
type parts struct{ months, dates []string }

// parts returns the parts that the history of the counter under the key has.
func (s *Store) parts(ctx context.Context, key string) (found parts, err error) {
	all, err := s.hashes(ctx, key, []string{monthsPart})
	if err != nil {
		return found, err
	}
	for month := range all[0] {
		if _, ok := parseDay(month + "-01"); ok {
			found.months = append(found.months, month)
		}
	}
	days, err := s.hashes(ctx, key, found.months)
	if err != nil {
		return found, err
	}
	for i, fields := range days {
		for field := range fields {
			if len(field) == len("01") {
				found.dates = append(found.dates, found.months[i]+"-"+field)
			}
		}
	}
	return found, nil
}

// hashes returns the numbers of the history's hashes, in the order of the parts that end their
// keys. A key that holds something else counts as empty.
func (s *Store) hashes(ctx context.Context, key string, parts []string) ([]map[string]int64, error) {
	found := make([]map[string]int64, 0, len(parts))
	for some := range slices.Chunk(parts, scanCount) { // so that the server serves others in between
		commands := make([]*command, len(some))
		replies := make([]*redis.MapStringStringCmd, len(some))
		for i, part := range some {
			replies[i] = redis.NewMapStringStringCmd(ctx, "hgetall", historyKey(key, part))
			commands[i] = &command{Cmder: replies[i], key: key}
		}
		s.send(ctx, commands, delivery{reads: true})
		for i, c := range commands {
			if c.err != nil && !wrongType(c.err) {
				return nil, readError(ctx, "read the history of", key, c.err)
			}
			numbers := make(map[string]int64, len(replies[i].Val()))
			for field, text := range replies[i].Val() {
				if number, ok := parse(text); ok {
					numbers[field] = number
				}
			}
			found = append(found, numbers)
		}
	}
	return found, nil
}

// additions are what to add to a history: to days, and to those of their hours that are kept.
type additions struct {
	days, hours map[counter.Hour]int64
	expiry      map[counter.Hour]counter.Hour // of the hours of a day
}

// additionsOf returns the additions that turn an empty history into one with the buckets.
func (s *Store) additionsOf(buckets []counter.Bucket) *additions {
	a := &additions{map[counter.Hour]int64{}, map[counter.Hour]int64{}, map[counter.Hour]counter.Hour{}}
	now := counter.HourOf(time.Now())
	for _, b := range buckets {
		day := b.Start.Day()
		a.days[day] += b.Count
		if end := day.KeptUntil(s.historyHours); b.Hours == 1 && end > now {
			a.hours[b.Start] += b.Count
			a.expiry[day] = end
		}
	}
	return a
}

func (a *additions) months() (months []string) {
	for day := range a.days {
		months = append(months, day.Time().Format(monthLayout))
	}
	return months
}

func (a *additions) dates() (dates []string) {
	for day := range a.expiry {
		dates = append(dates, day.Time().Format(time.DateOnly))
	}
	return dates
}

// steps are additions in the form of history.lua.
type steps struct {
	Days     [][3]any `json:"days"`     // the number of the key, the field and the count
	Hours    [][3]any `json:"hours"`    // the same
	Expiries [][2]any `json:"expiries"` // the number of the key, and when in milliseconds since 1970
}

// steps returns the additions to the history of the counter under the key. The call has the
// keys.
func (a *additions) steps(c *call, key string) *steps {
	number := func(at counter.Hour, layout string) int { return c.numbers[historyKey(key, at.Time().Format(layout))] }
	list := &steps{[][3]any{}, [][3]any{}, [][2]any{}} // not null
	for day, count := range a.days {
		list.Days = append(list.Days, [3]any{number(day, monthLayout), day.Time().Format("02"), strconv.FormatInt(count, 10)})
	}
	for hour, count := range a.hours {
		list.Hours = append(list.Hours, [3]any{number(hour, time.DateOnly), hour.Time().Format("15"), strconv.FormatInt(count, 10)})
	}
	for day, end := range a.expiry {
		list.Expiries = append(list.Expiries, [2]any{number(day, time.DateOnly), milliseconds(end)})
	}
	return list
}

func milliseconds(h counter.Hour) string { return strconv.FormatInt(h.Time().UnixMilli(), 10) }

// call is a call of a script that begins with history.lua.
type call struct {
	keys    []string       // all in one slot
	numbers map[string]int // of the keys, from 1
}

func newCall(keys ...string) *call {
	c := &call{numbers: map[string]int{}}
	for _, key := range keys {
		c.add(key)
	}
	return c
}

func (c *call) add(key string) {
	if c.numbers[key] == 0 {
		c.keys = append(c.keys, key)
		c.numbers[key] = len(c.keys)
	}
}

// addKeys adds keys of the history of the counter under the key. It returns how many of them
// are new.
func (c *call) addKeys(key string, parts ...[]string) int {
	before := len(c.keys)
	for _, part := range slices.Concat(parts...) {
		c.add(historyKey(key, part))
	}
	return len(c.keys) - before
}

// run runs the script with the argument, and returns its reply.
func (c *call) run(ctx context.Context, s *Store, script string, argument any) (string, error) {
	text, err := json.Marshal(argument)
	if err != nil {
		return "", &unsentError{fmt.Errorf("encode the arguments: %w", err)}
	}
	words := []any{"eval", historyScript + script, len(c.keys)}
	for _, key := range c.keys {
		words = append(words, key)
	}
	cmd := redis.NewStringCmd(ctx, append(words, text)...)
	err = s.sendOne(ctx, c.keys[0], cmd, delivery{replicas: s.replicas})
	return cmd.Val(), err
}
