package counterfile

import (
	"math"
	"testing"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

// Wipe removes all that the store keeps.
func (s *Store) Wipe(t *testing.T) {
	t.Helper()
	for _, name := range []string{counters, records, hours, days, sources} {
		s.rewrite(t, name, func(_, _ []byte) []byte { return nil })
	}
}

// Expire makes every record as old as one that has expired.
func (s *Store) Expire(t *testing.T) {
	t.Helper()
	s.rewrite(t, records, func(key, text []byte) []byte {
		r, err := decodeRecord(key, text)
		if err != nil {
			t.Fatal(err)
		}
		r.at -= int64(retention.Seconds())
		return r.encode(key)
	})
}

// ExpireHours drops every hour there is, as time does.
func (s *Store) ExpireHours(t *testing.T) {
	t.Helper()
	_, err := change(t.Context(), s, func(tx *bbolt.Tx) (struct{}, error) {
		return struct{}{}, sweepOldest(tx, counter.MaxHour+1, math.MaxInt)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Records returns how many records there are, expired ones included.
func (s *Store) Records(t *testing.T) int {
	t.Helper()
	return s.entries(t, records)
}

// HourRows returns how many days of counters have their hours kept, expired ones included.
func (s *Store) HourRows(t *testing.T) int {
	t.Helper()
	return s.entries(t, hours)
}

func (s *Store) entries(t *testing.T, name string) int {
	t.Helper()
	n, err := view(t.Context(), s, func(tx *bbolt.Tx) (int, error) { return bucket(tx, name).Stats().KeyN, nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// rewrite replaces each entry of the bucket by what value returns, nil by nothing.
func (s *Store) rewrite(t *testing.T, name string, value func(key, text []byte) []byte) {
	t.Helper()
	_, err := change(t.Context(), s, func(tx *bbolt.Tx) (struct{}, error) {
		old := map[string][]byte{}
		b, err := made(tx, name)
		if err != nil {
			return struct{}{}, err
		}
		err = b.ForEach(func(key, text []byte) error {
			old[string(key)] = value(key, text)
			return nil
		})
		for key, text := range old {
			if text == nil {
				err = b.Delete([]byte(key))
			} else {
				err = b.Put([]byte(key), text)
			}
			if err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// OpenUnsynced opens a file whose changes are on disk when the system likes.
func OpenUnsynced(path string) (*Store, error) { return open(path, Options{}, true) }

// Stall has the store wait for the file, as for a disk that does not answer.
func (s *Store) Stall(*testing.T) (resume func()) {
	s.commit.Lock()
	s.mu.Lock()
	return func() {
		s.mu.Unlock()
		s.commit.Unlock()
	}
}
