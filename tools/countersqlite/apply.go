package countersqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Apply implements [counter.Applier]: one transaction for all batches.
func (s *Store) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	err := s.change(ctx, func(tx *sql.Tx) (err error) {
		const expired = "DELETE FROM records WHERE used < unixepoch() - ?"
		if err := exec(ctx, tx, expired, s.Retention()/time.Second); err != nil {
			return err
		}
		for i, batch := range batches {
			if results[i], err = apply(ctx, tx, batch); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range results {
		if err != nil && results[i].Err == nil {
			results[i].Err = err
		}
	}
	return results
}

// Forget implements [counter.Applier].
func (s *Store) Forget(ctx context.Context, batches []counter.Batch) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		for _, batch := range batches {
			if err := exec(ctx, tx, "DELETE FROM records WHERE name = ? AND writer = ?", batch.Name, batch.Writer); err != nil {
				return err
			}
		}
		return nil
	})
}

// Retention implements [counter.Applier]: an hour.
func (s *Store) Retention() time.Duration { return time.Hour }

// apply applies one batch. What is wrong with that batch alone is in its result; an
// error is of the whole transaction.
func apply(ctx context.Context, tx *sql.Tx, batch counter.Batch) (counter.Result, error) {
	if err := batch.Check(); err != nil {
		return counter.Result{Err: err}, nil
	}
	var sum, total int64 // of the writer's last batch
	err := tx.QueryRowContext(ctx, "SELECT sum, total FROM records WHERE name = ? AND writer = ?",
		batch.Name, batch.Writer).Scan(&sum, &total)
	known := err == nil
	if !known && !errors.Is(err, sql.ErrNoRows) {
		return counter.Result{}, err
	}

	delta := batch.Delta // of a writer that has no record
	if known {
		delta = batch.Sum - sum
	}
	switch {
	case known && delta == 0: // a repeat: total is the answer
	case delta < batch.Delta:
		return counter.Result{Err: fmt.Errorf("%w: %d of %q", counter.ErrStale, batch.Delta, batch.Name)}, nil
	default:
		total, err = add(ctx, tx, batch.Name, delta)
		if errors.Is(err, counter.ErrOverflow) {
			return counter.Result{Err: err}, nil
		}
		if err != nil {
			return counter.Result{}, err
		}
	}
	err = exec(ctx, tx, "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, unixepoch())",
		batch.Name, batch.Writer, batch.Sum, total)
	return counter.Result{Total: total, Healed: max(delta-batch.Delta, 0)}, err
}
