package countersqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	counter "example.com/herokuapp/counter-core"
)

// A STRICT table holds what its columns say, so a counter is an integer for certain.
const schema = `
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (name TEXT, writer TEXT, sum INTEGER NOT NULL, total INTEGER NOT NULL,
	used INTEGER NOT NULL, PRIMARY KEY (name, writer)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_used ON records (used);`

// change changes the file in one transaction: wholly, or not at all.
func (s *Store) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.unchanged(ctx, err)
	}
	if err := do(tx); err != nil {
		return s.unchanged(ctx, errors.Join(err, tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("countersqlite: %w: %w", counter.ErrUnknown, err)
	}
	return nil
}

// unchanged is the error of a call that has certainly changed nothing.
func (s *Store) unchanged(ctx context.Context, err error) error {
	if s.closed.Load() {
		return counter.ErrClosed
	}
	return fmt.Errorf("countersqlite: %w", cmp.Or(ctx.Err(), err))
}

func exec(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// add adds delta, 0 or more. SQLite makes a float of a sum that is too large for an
// integer, so the condition comes first; where it does not hold, no row comes back.
func add(ctx context.Context, tx *sql.Tx, name string, delta int64) (total int64, err error) {
	const query = `INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE
		SET value = value + excluded.value WHERE value <= 9223372036854775807 - excluded.value RETURNING value`
	err = tx.QueryRowContext(ctx, query, name, delta).Scan(&total)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("%w: adding %d to %q", counter.ErrOverflow, delta, name)
	}
	return total, err
}
