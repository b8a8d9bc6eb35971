// Package countersqlite keeps counters in an SQLite file, which the processes of
// one machine may share. It is the example of docs/backend.md.
package countersqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"sync/atomic"

	"modernc.org/sqlite"

	counter "example.com/herokuapp/counter-core"
)

// Strict columns hold what they say: no counter can be of another type.
const schema = `
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
	name TEXT, writer TEXT, sum INTEGER NOT NULL, total INTEGER NOT NULL,
	used INTEGER NOT NULL, -- in seconds since 1970
	PRIMARY KEY (name, writer)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_used ON records (used);`

// Store is a [counter.Store], a [counter.Pinger] and a [counter.Applier] in a file.
type Store struct {
	read   *sql.DB
	write  *sql.DB // one connection, since SQLite has one writer: here all get their turn
	closed atomic.Bool
}

// Open opens the file, and makes it if it is not there.
func Open(ctx context.Context, path string) (*Store, error) {
	// A transaction that became a writer later than it began could find that
	// another one was faster. A commit is on the disk before it returns.
	const options = "_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	file := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options}
	connector, err := sqlite.NewConnector(file.String())
	if err != nil {
		return nil, fmt.Errorf("countersqlite: %w", err)
	}
	s := &Store{read: sql.OpenDB(connector), write: sql.OpenDB(connector)}
	s.write.SetMaxOpenConns(1)
	if err := s.change(ctx, func(tx *sql.Tx) error { return exec(ctx, tx, schema) }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Add implements [counter.Store].
func (s *Store) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if err := cmp.Or(counter.CheckName(name), counter.CheckDelta(delta)); err != nil {
		return 0, err
	}
	var total int64
	err := s.change(ctx, func(tx *sql.Tx) (err error) {
		total, err = add(ctx, tx, name, delta)
		return err
	})
	if err != nil {
		return 0, err
	}
	return total, nil
}

// Get implements [counter.Store].
func (s *Store) Get(ctx context.Context, name string) (int64, error) {
	if err := counter.CheckName(name); err != nil {
		return 0, err
	}
	var value int64
	err := s.read.QueryRowContext(ctx, "SELECT value FROM counters WHERE name = ?", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, s.unchanged(ctx, err)
	}
	return value, nil
}

// Set implements [counter.Store].
func (s *Store) Set(ctx context.Context, name string, value int64) error {
	if err := counter.CheckName(name); err != nil {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		if value == 0 {
			return exec(ctx, tx, "DELETE FROM counters WHERE name = ?", name)
		}
		return exec(ctx, tx, "INSERT OR REPLACE INTO counters VALUES (?, ?)", name, value)
	})
}

// List implements [counter.Store]. Names are sorted by their bytes, so those that
// begin with prefix follow one another.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		rows, err := s.read.QueryContext(ctx, "SELECT name, value FROM counters WHERE name >= ? ORDER BY name", prefix)
		if err != nil {
			yield(counter.Entry{}, s.unchanged(ctx, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var entry counter.Entry
			if err := rows.Scan(&entry.Name, &entry.Value); err != nil {
				yield(counter.Entry{}, s.unchanged(ctx, err))
				return
			}
			if !strings.HasPrefix(entry.Name, prefix) {
				return
			}
			if entry.Value != 0 && !yield(entry, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(counter.Entry{}, s.unchanged(ctx, err))
		}
	}
}

// Ping implements [counter.Pinger]. It reads, so that it finds out.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.Get(ctx, "ping")
	return err
}

// Close implements [counter.Store].
func (s *Store) Close() error {
	s.closed.Store(true)
	return errors.Join(s.write.Close(), s.read.Close())
}

// change changes the file in one transaction: wholly if it commits, else not at all.
func (s *Store) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.unchanged(ctx, err)
	}
	defer tx.Rollback() // does nothing after Commit
	if err := do(tx); err != nil {
		return s.unchanged(ctx, err)
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

// add adds delta, 0 or more. Where the sum would be no int64, SQLite would make it
// a float: the condition comes first, and no row comes back.
func add(ctx context.Context, tx *sql.Tx, name string, delta int64) (total int64, err error) {
	const query = `INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE
		SET value = value + excluded.value WHERE value <= 9223372036854775807 - excluded.value RETURNING value`
	err = tx.QueryRowContext(ctx, query, name, delta).Scan(&total)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w: adding %d to %q", counter.ErrOverflow, delta, name)
	}
	return total, err
}
