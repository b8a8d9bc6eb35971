package counter

import (
	"context"
	"fmt"
)

// Mover is implemented by a [Store] that brings counts from one place to another, each
// exactly once, even if the process ends in between. Reach it with [As].
type Mover interface {
	// Move adds the value and the history of the counter from to the counter to, and removes
	// from. A counter with the value 0 has nothing to move. If the sum of the values, or of
	// an hour or a day, does not fit an int64, the error is [ErrOverflow] and nothing
	// changed; from and to must differ, or the error is [ErrName]. After any other error, or
	// if the process ends, some of it may have happened: then calling Move again, at any time
	// later, completes it and counts nothing twice. An addition to from that is made
	// meanwhile stays there or is moved.
	//
	// The records of a [Backend] stay as they are: a batch that is repeated after the Move
	// must not count again. The sources of Bring move along. Of a source that both counters
	// have, to keeps the larger total.
	Move(ctx context.Context, from, to string) error

	// Bring adds to the counter what a source, such as another service, has counted, and
	// returns how much it added. The first time that is total, and past is added to the
	// history; later it is what total exceeds the largest total of that source so far, and
	// the history stays. The store remembers the source as long as the counter is there, so a
	// repeat adds nothing. source is a text that [CheckName] accepts. total is 0 or more, and
	// at least the sum of past; otherwise the error is [ErrDelta]. It is that of [CheckBuckets]
	// if that refuses past, and [ErrOverflow] as for Move. After [ErrUnknown] it may have
	// been added; a repeat finds out. After any other error nothing changed.
	Bring(ctx context.Context, name, source string, total int64, past []Bucket) (added int64, err error)

	// Brought returns the largest total of the source that Bring has added to the counter so
	// far, or 0. It says beforehand what Bring would add.
	Brought(ctx context.Context, name, source string) (total int64, err error)
}

// CheckMove returns nil if the counter from can be moved to the counter to. Otherwise the
// error wraps [ErrName].
func CheckMove(from, to string) error {
	if err := CheckName(from); err != nil {
		return err
	}
	if from == to {
		return fmt.Errorf("%w: %q can't move to itself", ErrName, from)
	}
	return CheckName(to)
}

// CheckBring returns nil if these can be the arguments of a Bring. Otherwise the error
// wraps [ErrName], [ErrDelta] or what [CheckBuckets] returns.
func CheckBring(name, source string, total int64, past []Bucket) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := CheckName(source); err != nil {
		return fmt.Errorf("%w (of a source)", err)
	}
	if err := CheckBuckets(past); err != nil {
		return err
	}
	var sum int64
	for _, b := range past {
		sum += b.Count
	}
	if total < 0 || total < sum {
		return fmt.Errorf("%w: a total of %d with a history of %d", ErrDelta, total, sum)
	}
	return nil
}
