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

// Store is a [counter.Store], a [counter.Pinger] and a [counter.Backend] in a file.
type Store struct {
	read   *sql.DB
	write  *sql.DB // one connection, because SQLite has one writer: callers take turns
	closed atomic.Bool
}

// Open opens the file, which is made if it is not there.
func Open(ctx context.Context, path string) (*Store, error) {
	// A transaction is a writer from its beginning; what is committed is on disk.
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
func (s *Store) Add(ctx context.Context, name string, delta int64) (total int64, err error) {
	if err := cmp.Or(counter.CheckName(name), counter.CheckDelta(delta)); err != nil {
		return 0, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		total, err = add(ctx, tx, name, delta)
		return err
	})
	return total, err
}

// Get implements [counter.Store].
func (s *Store) Get(ctx context.Context, name string) (value int64, err error) {
	if err := counter.CheckName(name); err != nil {
		return 0, err
	}
	err = s.read.QueryRowContext(ctx, "SELECT value FROM counters WHERE name = ?", name).Scan(&value)
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

// List implements [counter.Store].
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		if err := s.list(ctx, prefix, yield); err != nil {
			yield(counter.Entry{}, s.unchanged(ctx, err))
		}
	}
}

func (s *Store) list(ctx context.Context, prefix string, yield func(counter.Entry, error) bool) error {
	// Names that begin with the prefix follow one another, from the prefix on.
	rows, err := s.read.QueryContext(ctx, "SELECT name, value FROM counters WHERE name >= ? ORDER BY name", prefix)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var entry counter.Entry
		if err := rows.Scan(&entry.Name, &entry.Value); err != nil {
			return err
		}
		if !strings.HasPrefix(entry.Name, prefix) || entry.Value != 0 && !yield(entry, nil) {
			return nil
		}
	}
	return rows.Err()
}

// Ping implements [counter.Pinger]: it reads.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.Get(ctx, "ping")
	return err
}

// Close implements [counter.Store].
func (s *Store) Close() error {
	s.closed.Store(true)
	return errors.Join(s.write.Close(), s.read.Close())
}
