package counterfile

import (
	"context"
	"errors"
	"slices"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Bulk = (*Store)(nil)

// GetAll implements [counter.Bulk]. All values are from the same moment.
func (s *Store) GetAll(ctx context.Context, names []string) (values []int64, errs []error) {
	if err := s.ready(ctx); err != nil {
		return make([]int64, len(names)), allOf(names, err)
	}
	type found struct {
		values []int64
		errs   []error
	}
	names = slices.Clone(names) // the caller may be gone by the time they are read
	all, err := view(ctx, s, func(tx *bbolt.Tx) (found, error) {
		all := found{make([]int64, len(names)), make([]error, len(names))}
		for i, name := range names {
			err := counter.CheckName(name)
			if err == nil {
				all.values[i], err = get(tx, []byte(name))
			}
			if err != nil && !errors.Is(err, counter.ErrName) && !errors.Is(err, counter.ErrType) {
				return all, err
			}
			all.errs[i] = err
		}
		return all, nil
	})
	if err != nil {
		return make([]int64, len(names)), allOf(names, err)
	}
	return all.values, all.errs
}

// SetAll implements [counter.Bulk], in one transaction: either all counters with valid names
// are set, or none is.
func (s *Store) SetAll(ctx context.Context, entries []counter.Entry) []error {
	if err := s.ready(ctx); err != nil {
		return allOf(entries, err)
	}
	errs := make([]error, len(entries))
	var wanted []counter.Entry // the caller may be gone by the time they are read
	for i, entry := range entries {
		if errs[i] = counter.CheckName(entry.Name); errs[i] == nil {
			wanted = append(wanted, entry)
		}
	}
	_, err := change(ctx, s, func(tx *bbolt.Tx) (struct{}, error) {
		for _, entry := range wanted {
			if err := set(tx, entry.Name, entry.Value); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		for i := range errs {
			if errs[i] == nil {
				errs[i] = err
			}
		}
	}
	return errs
}

// allOf returns the error once for each element of a slice.
func allOf[T any](of []T, err error) []error { return slices.Repeat([]error{err}, len(of)) }
