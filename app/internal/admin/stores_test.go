package admin_test

import (
	"context"
	"errors"
	"iter"

	counter "example.com/herokuapp/counter-core"
)

// refusing is a store that can be read, and whose changes fail.
type refusing struct {
	counter.Store
	err error
}

func (r refusing) Add(context.Context, string, int64) (int64, error) { return 0, r.err }
func (r refusing) Set(context.Context, string, int64) error          { return r.err }

// failing is a store whose listing breaks off after 3,000 counters.
type failing struct{ counter.Store }

func (f failing) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		n := 0
		for entry, err := range f.Store.List(ctx, prefix) {
			if n++; n > 3000 {
				yield(counter.Entry{}, errors.New("away"))
				return
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}
