package counterfile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Mover = (*Store)(nil)

// Move implements [counter.Mover], in one commit. What was brought to the counter from then
// counts as brought to the counter to.
func (s *Store) Move(ctx context.Context, from, to string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := counter.CheckMove(from, to); err != nil {
		return err
	}
	_, err := change(ctx, s, func(tx *bbolt.Tx) (struct{}, error) {
		return struct{}{}, move(tx, from, to, s.hoursSince(s.now()))
	})
	return err
}

func move(tx *bbolt.Tx, from, to string, since counter.Hour) error {
	value, err := get(tx, []byte(from))
	if err != nil || value == 0 {
		return err
	}
	history, err := bucketsOf(tx, from, 0, counter.MaxHour, since)
	if err != nil {
		return err
	}
	brought, err := sourcesOf(tx, from)
	if err != nil {
		return err
	}
	if err := remove(tx, from); err != nil {
		return err
	}
	if _, err := add(tx, to, value); err != nil {
		return err
	}
	if err := addBuckets(tx, to, history, since); err != nil {
		return err
	}
	for source, total := range brought {
		if _, err := bring(tx, to, source, total); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a counter with its history and what was brought to it.
func remove(tx *bbolt.Tx, name string) error {
	if err := put(tx, []byte(name), 0); err != nil {
		return err
	}
	if err := removeHistory(tx, name); err != nil {
		return err
	}
	brought, err := sourcesOf(tx, name)
	if err != nil {
		return err
	}
	for source := range brought {
		if err := bucket(tx, sources).Delete(pairKey(name, source)); err != nil {
			return err
		}
	}
	return nil
}

// Bring implements [counter.Mover], in one commit.
func (s *Store) Bring(ctx context.Context, name, source string, total int64, past []counter.Bucket) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckBring(name, source, total, past); err != nil {
		return 0, err
	}
	past = slices.Clone(past)
	return change(ctx, s, func(tx *bbolt.Tx) (int64, error) {
		before, err := bring(tx, name, source, total)
		if err != nil || total <= before {
			return 0, err
		}
		if _, err := add(tx, name, total-before); err != nil {
			return 0, err
		}
		if before == 0 {
			err = addBuckets(tx, name, past, s.hoursSince(s.now()))
		}
		return total - before, err
	})
}

// Brought implements [counter.Mover].
func (s *Store) Brought(ctx context.Context, name, source string) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckName(name); err != nil {
		return 0, err
	}
	if err := counter.CheckName(source); err != nil {
		return 0, fmt.Errorf("%w (of a source)", err)
	}
	return view(ctx, s, func(tx *bbolt.Tx) (int64, error) { return brought(tx, name, source) })
}

// brought returns the largest total of the source so far, or 0.
func brought(tx *bbolt.Tx, name, source string) (int64, error) {
	b := bucket(tx, sources)
	if b == nil {
		return 0, nil
	}
	key := pairKey(name, source)
	text := b.Get(key)
	if text == nil {
		return 0, nil
	}
	return decodeValue(key, text)
}

// bring records the total of the source if it is the largest so far. It returns the largest
// total before.
func bring(tx *bbolt.Tx, name, source string, total int64) (before int64, err error) {
	before, err = brought(tx, name, source)
	if err != nil || total <= before {
		return before, err
	}
	b, err := made(tx, sources)
	if err != nil {
		return 0, err
	}
	key := pairKey(name, source)
	return before, b.Put(key, encode(key, total))
}

// sourcesOf returns what was brought to a counter, by source.
func sourcesOf(tx *bbolt.Tx, name string) (map[string]int64, error) {
	b := bucket(tx, sources)
	if b == nil {
		return nil, nil
	}
	totals := map[string]int64{}
	prefix := string(pairKey(name, ""))
	cursor := b.Cursor()
	for key, text := cursor.Seek([]byte(prefix)); strings.HasPrefix(string(key), prefix); key, text = cursor.Next() {
		total, err := decodeValue(key, text)
		if err != nil {
			return nil, err
		}
		totals[string(key[len(prefix):])] = total
	}
	return totals, nil
}
