package countersqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Apply implements [counter.Backend], in one transaction for all batches.
func (s *Store) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	results := make([]counter.Result, len(batches))
	err := s.change(ctx, func(tx *sql.Tx) error {
		const expired = "DELETE FROM records WHERE used < unixepoch() - ?"
		if err := exec(ctx, tx, expired, int64(s.Retention().Seconds())); err != nil {
			return err
		}
		for i, batch := range batches {
			results[i] = apply(ctx, tx, batch)
			if err := results[i].Err; err != nil && !refused(err) {
				return err // which undoes the batches before it, too
			}
		}
		return nil
	})
	if err != nil {
		return slices.Repeat([]counter.Result{{Err: err}}, len(batches))
	}
	return results
}

// apply moves the counter and its writer's record.
func apply(ctx context.Context, tx *sql.Tx, batch counter.Batch) counter.Result {
	if err := batch.Check(); err != nil {
		return counter.Result{Err: err}
	}
	var sum, total int64 // of the writer's last batch
	err := tx.QueryRowContext(ctx, "SELECT sum, total FROM records WHERE name = ? AND writer = ?",
		batch.Name, batch.Writer).Scan(&sum, &total)
	delta := batch.Delta
	switch {
	case errors.Is(err, sql.ErrNoRows): // the writer is new, or its record is gone
		total, err = add(ctx, tx, batch.Name, delta)
	case err == nil:
		if delta, err = batch.Missing(sum); delta > 0 { // else a repeat: total is the answer
			total, err = add(ctx, tx, batch.Name, delta)
		}
	}
	if err == nil {
		err = exec(ctx, tx, "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, unixepoch())",
			batch.Name, batch.Writer, batch.Sum, total)
	}
	return counter.Result{Total: total, Healed: max(delta-batch.Delta, 0), Err: err}
}

// refused tells the refusal of one batch, which changed nothing, from an error of
// the transaction.
func refused(err error) bool {
	return errors.Is(err, counter.ErrName) || errors.Is(err, counter.ErrDelta) ||
		errors.Is(err, counter.ErrStale) || errors.Is(err, counter.ErrOverflow)
}

// Retention implements [counter.Backend]: an hour.
func (s *Store) Retention() time.Duration { return time.Hour }
