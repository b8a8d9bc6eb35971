package counterfile

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Backend = (*Store)(nil)

const retention = time.Hour

// Retention implements [counter.Backend]: an hour.
func (s *Store) Retention() time.Duration { return retention }

// Apply implements [counter.Backend], in one commit for all batches.
func (s *Store) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results, err := s.apply(ctx, slices.Clone(batches))
	if err != nil {
		return slices.Repeat([]counter.Result{{Err: err}}, len(batches))
	}
	return results
}

func (s *Store) apply(ctx context.Context, batches []counter.Batch) ([]counter.Result, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	return change(ctx, s, func(tx *bbolt.Tx) ([]counter.Result, error) {
		now := s.now()
		since := s.hoursSince(now)
		results := make([]counter.Result, len(batches))
		for i, batch := range batches {
			results[i] = apply(tx, batch, now, since)
			if err := results[i].Err; err != nil && !refused(err) {
				return nil, err // which undoes the batches before it, too
			}
		}
		if err := sweepOldest(tx, since, 2*(1+len(batches))); err != nil {
			return nil, err
		}
		return results, s.sweep(tx, now, fewRecords+2*len(batches))
	})
}

// apply changes the counter, its history and its writer's record together.
func apply(tx *bbolt.Tx, batch counter.Batch, now int64, since counter.Hour) counter.Result {
	if err := batch.Check(); err != nil {
		return counter.Result{Err: err}
	}
	key := pairKey(batch.Name, batch.Writer)
	delta := batch.Delta
	if text := bucket(tx, records).Get(key); text != nil {
		last, err := decodeRecord(key, text)
		if err != nil {
			return counter.Result{Err: err}
		}
		if !last.expired(now) {
			if delta, err = batch.Missing(last.sum); err != nil {
				return counter.Result{Err: err}
			}
			if delta == 0 { // a repeat
				last.at = now
				return counter.Result{Total: last.total, Err: bucket(tx, records).Put(key, last.encode(key))}
			}
		}
	}
	total, err := addInHour(tx, batch.Name, delta, batch.Hour, since)
	if err != nil {
		return counter.Result{Err: err}
	}
	next := record{sum: batch.Sum, total: total, at: now}
	err = bucket(tx, records).Put(key, next.encode(key))
	return counter.Result{Total: total, Healed: delta - batch.Delta, Err: err}
}

// refused reports whether the error is a refusal of one batch, which has changed
// nothing, and not an error of the transaction. ErrType and ErrRecord don't occur: a name
// has nothing but a counter, and a record that can't be read is damage.
func refused(err error) bool {
	return errors.Is(err, counter.ErrName) || errors.Is(err, counter.ErrDelta) ||
		errors.Is(err, counter.ErrStale) || errors.Is(err, counter.ErrOverflow)
}

func (r record) expired(now int64) bool { return now-r.at >= int64(retention/time.Second) }

// now is the time in seconds since 1970. Setting the clock does not move it while the
// store is open: a record must outlive the repeats of its batch.
func (s *Store) now() int64 { return s.opened.Add(time.Since(s.opened)).Unix() }

// A commit looks at fewRecords records, and at two more for each of its batches. A batch
// adds at most one record, so about as many expired records are kept as live ones, and
// no more.
const fewRecords = 16

// sweep looks at the next n records and removes those that have expired.
func (s *Store) sweep(tx *bbolt.Tx, now int64, n int) error {
	cursor := bucket(tx, records).Cursor()
	key, text := cursor.Seek(s.swept)
	var expired [][]byte
	for ; key != nil && n > 0; n-- {
		r, err := decodeRecord(key, text)
		if err != nil {
			return err
		}
		if r.expired(now) {
			expired = append(expired, slices.Clone(key))
		}
		key, text = cursor.Next()
	}
	s.swept = slices.Clone(key) // nil, after the last: from the beginning
	for _, key := range expired {
		if err := bucket(tx, records).Delete(key); err != nil {
			return err
		}
	}
	return nil
}
