package counter

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The errors of a [Store]. Test for them with [errors.Is], because a store wraps them.
var (
	// ErrClosed says that the store is closed.
	ErrClosed = errors.New("counter: store is closed")

	// ErrName says that [CheckName] does not accept the name. Nothing changed.
	ErrName = errors.New("counter: bad name")

	// ErrDelta says that an addition is less than 1, or that the numbers of a [Batch]
	// contradict each other. Nothing changed.
	ErrDelta = errors.New("counter: bad delta")

	// ErrOverflow says that the value would exceed the largest int64. Nothing changed.
	ErrOverflow = errors.New("counter: overflow")

	// ErrType says that the store has something under the name that is not a counter.
	// Nothing changed.
	ErrType = errors.New("counter: not a counter")

	// ErrUnknown says that an addition or a Set may or may not have happened: the store
	// was asked, but its answer did not arrive. Adding again may count twice.
	ErrUnknown = errors.New("counter: outcome unknown")

	// ErrPending says that an addition is kept and will be counted once, but is not
	// counted yet. The error is a [*PendingError], which says more.
	ErrPending = errors.New("counter: pending")

	// ErrBusy says that a Set or a Move did not happen because additions to the counter are
	// still pending. A later call may succeed.
	ErrBusy = errors.New("counter: busy")

	// ErrStale says that a [Batch] is a late copy of one that was already counted. Nothing
	// changed.
	ErrStale = errors.New("counter: stale batch")

	// ErrRecord says that the record of a [Batch]'s writer is malformed. Nothing changed.
	ErrRecord = errors.New("counter: malformed record")
)

// PendingError is the [ErrPending] of an addition.
type PendingError struct {
	// AtLeast is a lower bound for the counter's value once everything that is pending is
	// counted, including this addition. It means nothing unless Known.
	AtLeast int64
	// Known is false if the counter's value was never read.
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

// MaxNameLen is the largest length of a name in bytes.
const MaxNameLen = 512

// CheckName returns nil if a counter can have the name: 1 to [MaxNameLen] bytes of valid
// UTF-8 without control characters. Otherwise the error wraps [ErrName] and says what is
// wrong.
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

// CheckDelta returns nil if delta is 1 or more. Otherwise the error wraps [ErrDelta].
func CheckDelta(delta int64) error {
	if delta < 1 {
		return fmt.Errorf("%w: %d is less than 1", ErrDelta, delta)
	}
	return nil
}
