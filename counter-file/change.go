package counterfile

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

type outcome[T any] struct {
	value T
	err   error
}

// ask has the writer run do. If the context ends before the writer takes it up, nothing
// has changed.
func ask[T any](ctx context.Context, s *Store, do func() (T, error)) (T, error) {
	var none T
	answer := make(chan outcome[T], 1)
	select {
	case s.work <- func() {
		value, err := do()
		answer <- outcome[T]{value, err}
	}:
	case <-ctx.Done():
		return none, ctx.Err()
	case <-s.closing:
		return none, counter.ErrClosed
	}
	select {
	case o := <-answer:
		return o.value, o.err
	case <-ctx.Done():
		return none, s.wrap(fmt.Errorf("%w: %w", counter.ErrUnknown, ctx.Err()))
	}
}

// change changes the file in one transaction, completely or not at all. The caller may
// be gone by the time do runs, so do must own what it uses.
func change[T any](ctx context.Context, s *Store, do func(*bbolt.Tx) (T, error)) (T, error) {
	return ask(ctx, s, func() (value T, err error) {
		err = s.update(func(tx *bbolt.Tx) (err error) {
			value, err = do(tx)
			return err
		})
		return value, err
	})
}

// write runs what it is asked, one after the other, until the store closes.
func (s *Store) write() {
	for {
		select {
		case do := <-s.work:
			do()
		case <-s.closing:
			return
		}
	}
}

// update does the work of change in the writer's goroutine. When it returns nil, the
// change is on disk.
func (s *Store) update(do func(*bbolt.Tx) error) error {
	if err := s.reopen(); err != nil {
		return err
	}
	s.commit.Lock()
	defer s.commit.Unlock()
	var id int64
	committing := false
	err := guard(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			id = int64(tx.ID())
			err := do(tx)
			committing = err == nil
			return err
		})
	})
	switch {
	case err == nil:
		s.durable.Store(id)
		return nil
	case !committing && !errors.Is(err, ErrDamaged): // do has refused
		return err
	}
	// bbolt's memory no longer says whether the commit is on disk, nor which pages are
	// free. Opening the file again does.
	s.fail(err)
	switch reopenErr := s.reopen(); {
	case committing && reopenErr != nil:
		return s.wrap(fmt.Errorf("%w: %w", counter.ErrUnknown, err))
	case committing && s.durable.Load() >= id:
		return nil
	default:
		return s.wrap(err)
	}
}

// guard turns a panic in bbolt, or a fault in the memory that the file is mapped to, into
// an error. Such a fault comes from a disk that can't be read or a file cut short.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, fault)
		}
	}()
	return do()
}

// view reads in one transaction. As in change, do must own what it uses.
func view[T any](ctx context.Context, s *Store, do func(*bbolt.Tx) (T, error)) (T, error) {
	value, err := tryView(ctx, s, do)
	if !errors.Is(err, errNotOpen) {
		return value, err
	}
	if _, err := ask(ctx, s, func() (struct{}, error) { return struct{}{}, s.reopen() }); err != nil {
		return value, err
	}
	return tryView(ctx, s, do)
}

func tryView[T any](ctx context.Context, s *Store, do func(*bbolt.Tx) (T, error)) (T, error) {
	var none T
	select {
	case s.readers <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	case <-s.closing:
		return none, counter.ErrClosed
	}
	answer := make(chan outcome[T], 1)
	go func() {
		defer func() { <-s.readers }() // for which Close waits
		value, err := read(s, do)
		answer <- outcome[T]{value, err}
	}()
	select {
	case o := <-answer:
		return o.value, o.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// read returns what is on disk. If do has seen a commit that is still being written, read
// waits for it.
func read[T any](s *Store, do func(*bbolt.Tx) (T, error)) (T, error) {
	value, id, err := readNow(s, do)
	if err != nil || id <= s.durable.Load() {
		return value, err
	}
	s.commit.Lock() // waits for the commit to end
	defer s.commit.Unlock()
	if id > s.durable.Load() {
		return value, s.wrap(errors.New("the last commit may not be on disk"))
	}
	return value, nil
}

// readNow also returns the number of the last transaction that do can have seen.
func readNow[T any](s *Store, do func(*bbolt.Tx) (T, error)) (value T, id int64, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return value, 0, errNotOpen
	}
	err = guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) (err error) {
			id = int64(tx.ID())
			value, err = do(tx)
			return err
		})
	})
	if err != nil {
		err = s.wrap(err)
	}
	return value, id, err
}

var errNotOpen = errors.New("counterfile: not open")

// wrap adds the file's name to the error.
func (s *Store) wrap(err error) error { return fmt.Errorf("counterfile: %s: %w", s.path, err) }
