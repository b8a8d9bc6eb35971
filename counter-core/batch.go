package counter

import (
	"context"
	"fmt"
	"time"
)

// Batch is an addition to a counter that can be sent again without being counted
// again. A writer adds to one counter and remembers how much it has added in all.
// It has one batch in flight at a time, and repeats it, the same in every field,
// until it knows the outcome.
type Batch struct {
	// Name is the counter.
	Name string
	// Writer is a random text that identifies the writer among those of all processes.
	// [CheckName] accepts it.
	Writer string
	// Delta is how much to add, 0 or more. A batch of 0 adds what the store has lost of
	// earlier batches.
	Delta int64
	// Sum is the total that the writer has added to the counter, including Delta. It
	// exceeds [MaxSum] only in the first batch of a writer, which is then also its last.
	Sum int64
	// Hour is when the additions were made, for the history of a [Historian], which is also
	// given what it adds beyond Delta. 0, the first hour of 1970, says that the batch changes
	// no history.
	Hour Hour
}

// MaxSum is the largest sum of a writer with more than one batch. Beyond 2^53, a
// store that counts in floating point could not tell two sums apart; then a new
// writer begins.
const MaxSum = 1 << 53

// Check returns nil if the batch can be applied. Otherwise the error wraps [ErrName]
// or [ErrDelta].
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
	if b.Hour < 0 || b.Hour > MaxHour {
		return fmt.Errorf("%w: a batch of the hour %d", ErrDelta, b.Hour)
	}
	return nil
}

// Missing returns how much a store has to add for b, given the sum it has on
// record for b's writer. A store with no record of the writer adds Delta instead,
// and doesn't call Missing.
//
//	recorded sum               the batch is      and the store
//	equal to Sum               a repeat          adds 0, and answers with the recorded total
//	exactly Delta behind       the next one      adds Delta
//	further behind             after a loss      adds everything that is missing
//	ahead, or behind by less   a late copy       changes nothing: the error is ErrStale
//
// The result is 0 for a repeat, and for a batch of 0 if nothing was lost. What exceeds
// Delta is [Result].Healed.
func (b Batch) Missing(recorded int64) (add int64, err error) {
	missing := b.Sum - recorded
	if missing != 0 && missing < b.Delta {
		return 0, fmt.Errorf("%w: %d of %q, whose writer is at %d, not %d",
			ErrStale, b.Delta, b.Name, recorded, b.Sum-b.Delta)
	}
	return missing, nil
}

// Result is the outcome of a [Batch].
type Result struct {
	// Total is the counter's value right after the batch was applied for the first
	// time. The batch's own additions made the values Total-Delta+1 to Total.
	Total int64
	// Healed is how many additions of earlier batches the store had lost and has now
	// counted again. They come before those of this batch. For a repeat it is 0.
	Healed int64
	// Err is nil if the batch is counted; otherwise the other fields mean nothing.
	// [ErrStale], [ErrRecord], [ErrOverflow], [ErrType], [ErrName], [ErrDelta] and
	// [ErrClosed] are final: this call has changed nothing, and repeating it is
	// useless. [ErrUnknown] says that the batch may or may not be counted. Any other
	// error says that this call has changed nothing, and that a repeat may succeed.
	Err error
}

// Backend is a [Store] that can be told the same addition twice without counting
// it twice. Package coalesce needs one: without it, an addition whose reply is
// lost can be neither repeated nor given up without risking the count.
//
// For each pair of a counter and a writer, a Backend records the sum of the last batch
// and the counter's value after it. It compares each batch with that record as
// [Batch.Missing] says, and changes the counter and the record in one atomic step. If
// there is no record, because the writer is new, the record has expired or the store was
// wiped, it adds Delta.
//
// A decorator around a Backend must implement all of it, and pass Apply on.
type Backend interface {
	Store

	// Apply applies the batches and returns a result for each, in the same order. No two
	// batches are for the same counter. A refused batch does not affect the others. Apply
	// doesn't change or keep the slice; a Backend that returns while it still works on the
	// batches must have copied them.
	//
	// Apply returns soon after its context's deadline, whatever the store does. The result
	// of a batch that is still in doubt then is [ErrUnknown].
	Apply(ctx context.Context, batches []Batch) []Result

	// Retention is how long a record is kept after the writer's last batch was applied or
	// repeated. It is at least a second and doesn't change. Writers stop repeating a batch
	// before that time is over.
	Retention() time.Duration
}
