package counter

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The errors of a [Store]. Test for them with [errors.Is]: a store wraps them to say
// more.
var (
	// ErrClosed says that the store is closed.
	ErrClosed = errors.New("counter: store is closed")

	// ErrName says that the name is not one [CheckName] accepts. Nothing changed.
	ErrName = errors.New("counter: bad name")

	// ErrDelta says that the addition is not 1 or more, or that the numbers of a
	// [Batch] contradict each other. Nothing changed.
	ErrDelta = errors.New("counter: bad delta")

	// ErrOverflow says that the addition would pass the largest int64. Nothing changed.
	ErrOverflow = errors.New("counter: overflow")

	// ErrType says that the name holds something in the store that is no
	// counter. Nothing changed.
	ErrType = errors.New("counter: not a counter")

	// ErrUnknown says that an addition or a Set may or may not have happened:
	// the store was asked and its answer did not arrive. Asking again may count twice.
	ErrUnknown = errors.New("counter: outcome unknown")

	// ErrPending says that an addition is kept and will be counted once, but is not
	// counted yet. The error is a [*PendingError], which says more.
	ErrPending = errors.New("counter: pending")

	// ErrBusy says that a Set did not happen, because additions to the counter are
	// still on their way. A later one may succeed.
	ErrBusy = errors.New("counter: busy")

	// ErrStale says that a [Batch] is a late copy of one the store knows. Nothing changed.
	ErrStale = errors.New("counter: stale batch")

	// ErrRecord says that the record of a [Batch]'s writer is not one the store
	// has written. Nothing changed.
	ErrRecord = errors.New("counter: malformed record")
)

// PendingError is the [ErrPending] of an addition.
type PendingError struct {
	// AtLeast is what the counter's value will be at least once all that is kept is
	// counted, this addition included. It means nothing unless Known.
	AtLeast int64
	// Known is false if the store has never told the counter's value.
	Known bool
	// Err is why the addition is pending.
	Err error
}

// Error implements the error interface.
func (e *PendingError) Error() string {
	if e.Known {
		return fmt.Sprintf("%v, at least %d: %v", ErrPending, e.AtLeast, e.Err)
	}
	return fmt.Sprintf("%v: %v", ErrPending, e.Err)
}

// Unwrap returns [ErrPending] and the cause.
func (e *PendingError) Unwrap() []error { return []error{ErrPending, e.Err} }

// MaxNameLen is the length in bytes of the longest name.
const MaxNameLen = 512

// CheckName returns nil for a name a counter can have: 1 to [MaxNameLen] bytes
// of valid UTF-8 without control characters. Else it returns an error that wraps
// [ErrName] and says what is wrong.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrName)
	case len(name) > MaxNameLen:
		return fmt.Errorf("%w: it is %d bytes long, %d are allowed", ErrName, len(name), MaxNameLen)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: %q is not valid UTF-8", ErrName, name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%w: %q holds a control character", ErrName, name)
	}
	return nil
}

// CheckDelta returns nil for a delta of 1 or more, else an error that wraps [ErrDelta].
func CheckDelta(delta int64) error {
	if delta < 1 {
		return fmt.Errorf("%w: %d is less than 1", ErrDelta, delta)
	}
	return nil
}
