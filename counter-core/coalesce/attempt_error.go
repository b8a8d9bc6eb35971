package coalesce

import (
	"context"
	"errors"
)

// attemptError is an error of a call that ended by the store's own timeout. It is all
// that the error it holds is, except the end of a context: a caller would take that
// for the end of its own.
type attemptError struct{ err error }

// ofAttempt returns err as callers, and observers, may see it.
func ofAttempt(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return attemptError{err}
	}
	return err
}

func (e attemptError) Error() string { return e.err.Error() }

// Is implements what [errors.Is] looks for. There is no Unwrap, which would show the
// context's error.
func (e attemptError) Is(target error) bool {
	return target != context.DeadlineExceeded && target != context.Canceled && errors.Is(e.err, target)
}

// As implements what [errors.As] looks for.
func (e attemptError) As(target any) bool { return errors.As(e.err, target) }
