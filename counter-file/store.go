// Package counterfile keeps counters in one file, on disk before their numbers
// are returned, with no server to run. One process at a time uses the file.
//
// The file is a bbolt database. A [Store] is a [counter.Backend]: decorate it with
// package coalesce, which counts many additions in one commit and each of them once.
package counterfile

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

// Store is a [counter.Backend], [counter.Historian], [counter.Mover], [counter.Pinger],
// [counter.Warner] and [counter.Snapshotter] in a file. It is safe for concurrent use.
//
// A call returns by its context's deadline even if the disk hangs. What a change
// was doing then goes on, so its error is [counter.ErrUnknown].
//
// When the disk fails, calls fail, and each later call tries again: the store
// works when the disk does.
type Store struct {
	path    string
	folder  string        // the file's; path may be a symbolic link
	noSync  bool          // a test shows what is lost without Sync
	created os.FileInfo   // which file it is, should another take its name
	work    chan func()   // to the writer, the one goroutine that changes the file
	readers chan struct{} // a place for each read
	closing chan struct{}

	closed  sync.Once
	writing sync.WaitGroup

	// commit is held while a transaction is written. Its changes can be read before
	// they are on disk: durable is the last transaction that is.
	commit  sync.Mutex
	durable atomic.Int64

	historyHours int
	closeTimeout time.Duration
	opened       time.Time
	swept        []byte // the writer's: the record that the next sweep begins with
	suspect      bool   // the writer's: read the file through before it is opened again

	mu    sync.RWMutex
	db    *bbolt.DB // nil after a failure, until it is opened again
	file  *os.File  // of db
	fault error     // why db is nil
}

// maxReaders bounds the reads that a hanging disk holds up.
const maxReaders = 64

// String names the backend for logs.
func (s *Store) String() string { return "file " + s.path }

// Add implements [counter.Store].
func (s *Store) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckName(name); err != nil {
		return 0, err
	}
	if err := counter.CheckDelta(delta); err != nil {
		return 0, err
	}
	return change(ctx, s, func(tx *bbolt.Tx) (int64, error) { return add(tx, name, delta) })
}

// add adds to a counter and returns its new value.
func add(tx *bbolt.Tx, name string, delta int64) (int64, error) {
	total, err := plus(tx, name, delta)
	if err != nil {
		return 0, err
	}
	return total, put(tx, []byte(name), total)
}

// plus returns what the counter's value will be when delta is added.
func plus(tx *bbolt.Tx, name string, delta int64) (int64, error) {
	value, err := get(tx, []byte(name))
	if err != nil {
		return 0, err
	}
	total := value + delta
	if delta >= 0 != (total >= value) {
		return 0, fmt.Errorf("%w: %q is %d, adding %d", counter.ErrOverflow, name, value, delta)
	}
	return total, nil
}

// Get implements [counter.Store].
func (s *Store) Get(ctx context.Context, name string) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckName(name); err != nil {
		return 0, err
	}
	return view(ctx, s, func(tx *bbolt.Tx) (int64, error) { return get(tx, []byte(name)) })
}

// Set implements [counter.Store].
func (s *Store) Set(ctx context.Context, name string, value int64) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := counter.CheckName(name); err != nil {
		return err
	}
	_, err := change(ctx, s, func(tx *bbolt.Tx) (struct{}, error) { return struct{}{}, set(tx, name, value) })
	return err
}

// set replaces the counter, or removes it if the value is 0.
func set(tx *bbolt.Tx, name string, value int64) error {
	if value == 0 {
		return remove(tx, name)
	}
	return put(tx, []byte(name), value)
}

// pageLen is how many counters a listing reads in one transaction.
const pageLen = 1000

// List implements [counter.Store]. It yields between transactions, so the loop may
// take its time and call the store.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		from := prefix
		for {
			entries, err := s.page(ctx, prefix, from)
			if err != nil {
				yield(counter.Entry{}, err)
				return
			}
			for _, entry := range entries {
				if err := s.ready(ctx); err != nil {
					yield(counter.Entry{}, err)
					return
				}
				if !yield(entry, nil) {
					return
				}
			}
			if len(entries) < pageLen {
				return
			}
			from = entries[pageLen-1].Name + "\x00" // the least text above that name
		}
	}
}

// page returns the first counters whose names have the prefix and are not below from.
func (s *Store) page(ctx context.Context, prefix, from string) ([]counter.Entry, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	return view(ctx, s, func(tx *bbolt.Tx) ([]counter.Entry, error) {
		var entries []counter.Entry
		cursor := bucket(tx, counters).Cursor()
		for key, text := cursor.Seek([]byte(from)); key != nil && len(entries) < pageLen; key, text = cursor.Next() {
			name := string(key)
			if !strings.HasPrefix(name, prefix) {
				break
			}
			value, err := decodeValue(key, text)
			if err != nil {
				return nil, err
			}
			entries = append(entries, counter.Entry{Name: name, Value: value})
		}
		return entries, nil
	})
}

// Ping implements [counter.Pinger]: it reads.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.Get(ctx, "ping")
	return err
}

// Warnings implements [counter.Warner]: that the file has lost its name, so
// that what is counted now is gone when the process ends.
func (s *Store) Warnings(ctx context.Context) ([]string, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if found, err := os.Stat(s.path); err == nil && os.SameFile(found, s.created) {
		return nil, nil
	}
	return []string{fmt.Sprintf("%s was removed or replaced while it is in use: counts are lost when the process ends; "+
		"download a backup now, then restart with it in place", s.path)}, nil
}

// Close finishes the change that is being written and closes the file. If the disk does
// not answer in time, it returns an error and leaves the rest to be done when the disk does.
func (s *Store) Close() (err error) {
	s.closed.Do(func() {
		close(s.closing)
		closed := make(chan error, 1)
		go func() { closed <- s.close() }()
		select {
		case err = <-closed:
		case <-time.After(s.closeTimeout):
			err = s.wrap(errHangs)
		}
	})
	return err
}

var errHangs = errors.New("closing: the disk does not answer; the change that was being written may or may not be in the file, and all before it is")

func (s *Store) close() error {
	s.writing.Wait()
	for range cap(s.readers) {
		s.readers <- struct{}{}
	}
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}

// ready returns why a call must not go on, if so.
func (s *Store) ready(ctx context.Context) error {
	select {
	case <-s.closing:
		return counter.ErrClosed
	default:
		return ctx.Err()
	}
}
