package counter

import (
	"context"
	"fmt"
	"time"
)

// Batch is what a writer adds to a counter in one go, said so that it can be
// said again. A writer is whoever adds to one counter and remembers how much it
// has added in all; it has one batch on the way at a time, and repeats it, the
// same in every field, until it knows what became of it.
type Batch struct {
	// Name is the counter.
	Name string
	// Writer tells one writer from every other, of this process and of others: a
	// random text, of what [CheckName] accepts.
	Writer string
	// Delta is how much to add, 0 or more. Adding 0 reconciles: the store may have
	// lost what this writer had added before.
	Delta int64
	// Sum is all that the writer has added to the counter, Delta included. It
	// passes [MaxSum] in a writer's first batch alone, which is then its only one.
	Sum int64
}

// MaxSum is how far a writer's sum goes: beyond 2^53 a store may not tell two
// sums apart, because it may count in floating point. Then a new writer begins.
const MaxSum = 1 << 53

// Check returns nil for a batch that can be applied, else an error that wraps
// [ErrName] or [ErrDelta].
func (b Batch) Check() error {
	if err := CheckName(b.Name); err != nil {
		return err
	}
	if err := CheckName(b.Writer); err != nil {
		return fmt.Errorf("%w (of a writer)", err)
	}
	if b.Delta < 0 || b.Sum < b.Delta || b.Sum > MaxSum && b.Sum != b.Delta {
		return fmt.Errorf("%w: a batch of %d with the sum %d", ErrDelta, b.Delta, b.Sum)
	}
	return nil
}

// Result is what became of a [Batch].
type Result struct {
	// Total is the counter's value right after the batch was applied for the first
	// time. The batch's own additions made the values Total-Delta+1 to Total.
	Total int64
	// Healed is how many additions of earlier batches the store had lost, and has
	// now counted again, below those of this batch. A repeat has none.
	Healed int64
	// Err is nil if the batch is counted; else the rest means nothing. [ErrStale],
	// [ErrRecord], [ErrOverflow], [ErrType], [ErrName] and [ErrDelta] say that this
	// call has changed nothing and that it is no use to repeat it; [ErrUnknown] that
	// it may be counted or not; any other that this call has changed nothing, and
	// that another one may.
	Err error
}

// Applier is implemented by a [Store] to which a batch can be said again without
// being counted again. Reach it with [As]. Without it, an addition whose reply is
// lost can be neither repeated nor given up without risking the count.
//
// The store records, with each writer, the sum of its last batch and the
// counter's value after it, and holds each batch against that, atomically:
//
//	recorded sum               the batch is            and the store
//	equal                      a repeat                answers with the recorded value
//	exactly Delta behind       the next one            adds Delta
//	further behind             after a loss            adds all that is missing: the value heals
//	ahead, or behind by less   a late copy             changes nothing: ErrStale
//	none                       of a new writer, or     adds Delta alone
//	                           the store was wiped
//
// A reconciling batch that finds nothing lost is a repeat, too, and its Total may
// be of long ago.
type Applier interface {
	// Apply applies the batches, no two of one counter, and returns a result for
	// each, in their order. One that is refused leaves the others alone. The slice
	// stays the caller's: it is not changed, nor kept.
	Apply(ctx context.Context, batches []Batch) []Result

	// Forget removes the records of writers that will add no more. Only Name and
	// Writer of the batches are looked at. To forget what is not there is no error.
	Forget(ctx context.Context, batches []Batch) error

	// Retention is how long a record is kept after the writer's last batch was
	// applied or repeated. A batch must not be repeated later than that.
	Retention() time.Duration
}
