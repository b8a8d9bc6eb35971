package countermemory

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// past is what a counter has beside its value.
type past struct {
	history history
	// brought is the largest total of each source.
	brought map[string]int64
}

// History implements [counter.Historian].
func (s *Store) History(ctx context.Context, name string, from, to counter.Hour) iter.Seq2[counter.Bucket, error] {
	return func(yield func(counter.Bucket, error) bool) {
		if err := s.ready(ctx); err != nil {
			yield(counter.Bucket{}, err)
			return
		}
		c, ok := s.cells.Load(name)
		if !ok {
			if err := counter.CheckName(name); err != nil {
				yield(counter.Bucket{}, err)
			}
			return
		}
		for _, bucket := range c.(*cell).buckets(from, to, s.keep()) {
			if err := s.ready(ctx); err != nil {
				yield(counter.Bucket{}, err)
				return
			}
			if !yield(bucket, nil) {
				return
			}
		}
	}
}

// SetHistory implements [counter.Historian].
func (s *Store) SetHistory(ctx context.Context, name string, buckets []counter.Bucket) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := counter.CheckBuckets(buckets); err != nil {
		return err
	}
	c, err := s.cell(name)
	if err != nil {
		return err
	}
	h := historyOf(buckets, s.keep())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pastLocked().history = *h
	return nil
}

// Move implements [counter.Mover], in one step.
func (s *Store) Move(ctx context.Context, from, to string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := counter.CheckMove(from, to); err != nil {
		return err
	}
	source, ok := s.cells.Load(from)
	if !ok {
		return nil
	}
	a := source.(*cell)
	b, err := s.cell(to)
	if err != nil {
		return err
	}
	// In the same order whichever way they move, or two Moves would wait for each other.
	first, second := a, b
	if to < from {
		first, second = b, a
	}
	first.mu.Lock()
	defer first.mu.Unlock()
	second.mu.Lock()
	defer second.mu.Unlock()
	if !a.moveLocked(b, s.keep()) {
		return fmt.Errorf("%w: moving %q to %q", counter.ErrOverflow, from, to)
	}
	return nil
}

// Bring implements [counter.Mover].
func (s *Store) Bring(ctx context.Context, name, source string, total int64, buckets []counter.Bucket) (added int64, err error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckBring(name, source, total, buckets); err != nil {
		return 0, err
	}
	c, err := s.cell(name)
	if err != nil {
		return 0, err
	}
	keep := s.keep()
	brought := historyOf(buckets, keep)
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pastLocked()
	last := p.brought[source]
	if total <= last {
		return 0, nil
	}
	if last > 0 {
		brought = new(history)
	}
	if !p.history.fitsAll(brought) {
		return 0, historyOverflowError(name)
	}
	if value, ok := c.add(total - last); !ok {
		return 0, overflowError(name, value, total-last)
	}
	p.history.addAll(brought, keep)
	if p.brought == nil {
		p.brought = map[string]int64{}
	}
	// The caller may reuse the memory behind a long string this one is a part of.
	p.brought[strings.Clone(source)] = total
	return total - last, nil
}

// Brought implements [counter.Mover].
func (s *Store) Brought(ctx context.Context, name, source string) (int64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := counter.CheckBring(name, source, 0, nil); err != nil {
		return 0, err
	}
	c, ok := s.cells.Load(name)
	if !ok {
		return 0, nil
	}
	return c.(*cell).brought(source), nil
}

// keep says which hours are kept now.
func (s *Store) keep() keep { return keep{counter.HourOf(time.Now()), s.hoursKept()} }

// hoursKept is how many hours after a day its hours are kept.
func (s *Store) hoursKept() int { return cmp.Or(s.historyHours, counter.DefaultHistoryHours) }
