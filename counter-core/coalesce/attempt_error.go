package coalesce

import (
	"context"
	"errors"
)

// attemptError is the error of a call that the store's own timeout ended. It matches whatever
// the error it holds matches, except the errors of contexts: a caller would take those for the
// end of its own context.
type attemptError struct{ err error }

// ofAttempt returns err as callers and observers may see it.
func ofAttempt(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return attemptError{err}
	}
	return err
}

func (e attemptError) Error() string { return e.err.Error() }

// Is is for [errors.Is]. An Unwrap method would reveal the context's error, so there is none.
func (e attemptError) Is(target error) bool {
	return target != context.DeadlineExceeded && target != context.Canceled && errors.Is(e.err, target)
}

// As is for [errors.As].
func (e attemptError) As(target any) bool { return errors.As(e.err, target) }
