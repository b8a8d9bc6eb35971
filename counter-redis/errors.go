package counterredis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

// readError returns the caller's error for go-redis's error of a command that changes
// nothing, or nothing more when it is repeated. The key is empty for a command without one.
func readError(ctx context.Context, verb, key string, err error) error {
	return wrap(ctx, verb, key, sentinel(err), err)
}

// writeError returns the caller's error for go-redis's error of a command that changes the
// key.
func writeError(ctx context.Context, verb, key string, err error) error {
	is := sentinel(err)
	if is == nil && !unchanged(err) {
		is = counter.ErrUnknown
	}
	return wrap(ctx, verb, key, is, err)
}

// wrap returns an error with what failed, the sentinel error if there is one, and the cause.
func wrap(ctx context.Context, verb, key string, is, err error) error {
	if key != "" {
		verb = fmt.Sprintf("%s %q", verb, key)
	}
	if is == nil {
		return fmt.Errorf("counterredis: %s: %w", verb, cause(ctx, err))
	}
	return fmt.Errorf("counterredis: %s: %w: %w", verb, is, cause(ctx, err))
}

// cause returns err in the form that a caller may see.
func cause(ctx context.Context, err error) error {
	// A server or a proxy that does not know AUTH repeats the password.
	if text, _, repeats := strings.Cut(err.Error(), ", with args"); repeats {
		return errors.New(text)
	}
	// go-redis waits with the socket's deadline, which can pass before the context's timer fires.
	deadline, limited := ctx.Deadline()
	passed := limited && !time.Now().Before(deadline)
	switch {
	case replied(err, unauthenticated):
		return fmt.Errorf("the server wants a login: %w", err)
	case passed && errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	case !passed && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return &ownTimeoutError{err}
	}
	return err
}

// ownTimeoutError hides a timeout that is not the caller's, so that it does not look as if
// the caller's context had ended.
type ownTimeoutError struct{ err error }

func (e *ownTimeoutError) Error() string { return e.err.Error() }

func (e *ownTimeoutError) Is(target error) bool {
	return target != context.DeadlineExceeded && errors.Is(e.err, target)
}

func (e *ownTimeoutError) As(target any) bool { return errors.As(e.err, target) }

// sentinel returns the error of package counter that err stands for, or nil.
func sentinel(err error) error {
	switch {
	case errors.Is(err, redis.ErrClosed):
		return counter.ErrClosed
	case wrongType(err), replied(err, "value is not an integer or out of range", "hash value is not an integer"):
		return counter.ErrType
	case replied(err, "increment or decrement would overflow"):
		return counter.ErrOverflow
	case replied(err, "STALEBATCH "): // this and the next are the script's own
		return counter.ErrStale
	case replied(err, "BADRECORD "):
		return counter.ErrRecord
	default:
		return nil
	}
}

// missing reports whether err is the reply that the key does not exist. It does not unwrap
// err, because a failure to dial wraps the same reply of a Sentinel without a primary.
func missing(err error) bool { return err == redis.Nil } //nolint:errorlint // see above

// wrongType reports whether err is the reply of a string command for a key of another type.
func wrongType(err error) bool { return replied(err, "WRONGTYPE ") }

// unchanged reports whether err proves that the command changed nothing, because it was not
// sent or the server refused it.
func unchanged(err error) bool {
	if _, ok := errors.AsType[*unsentError](err); ok {
		return true
	}
	return refused(err) || denied(err) || unready(err)
}

// tooManyClients begins the answer of a server that has as many connections as it takes.
const tooManyClients = "max number of clients"

// unready reports whether the server refused a command because of a state that may end, or
// because another server has the key.
func unready(err error) bool {
	return replied(err,
		"READONLY ", "MASTERDOWN ", "NOREPLICAS ", "OOM ", "MISCONF ", "BUSY ", "LOADING ",
		"CLUSTERDOWN ", "TRYAGAIN ", "MOVED ", "ASK ", "NOSCRIPT ",
		tooManyClients,
		"Script attempted ", // a key of another node, or any while the Cluster is down
	)
}

// unauthenticated begins the answer to a long command of a client that has not logged in. The server
// does not read the command, nor any after it.
const unauthenticated = "Protocol error: unauthenticated "

// refused reports whether the server rejects the client, and will do so until somebody
// changes the settings of one of them.
func refused(err error) bool {
	return replied(err,
		"NOAUTH ", unauthenticated, "WRONGPASS ", "DENIED ",
		"AUTH ", "Client sent AUTH", "invalid password", "wrong number of arguments for 'auth'",
		"unknown command 'auth'", "unknown command `auth`",
		"DB index is out of range", "invalid DB index", "SELECT is not allowed",
		"This instance has cluster support disabled",
	)
}

// denied reports whether the server does not have the command or does not permit it to this
// user or for this key, directly or in a script.
func denied(err error) bool {
	return replied(err,
		"NOPERM ", "unknown command",
		// In a script, as Redis 6.2, Redis 7 and Valkey have it.
		"The user executing the script can't ", "ACL failure in script",
		"Unknown Redis command called from ", "Unknown command called from ", "This Redis command is not allowed from script",
	)
}

// deniedKey reports whether the denial concerns a key, not a command.
func deniedKey(err error) bool { return denied(err) && strings.Contains(err.Error(), " access ") }

// untrusted reports whether the server's certificate can't be verified.
func untrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// late reports whether a connection or an answer was waited for as long as the timeouts allow.
func late(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// replied reports whether err is an error reply that begins with one of the prefixes.
func replied(err error, prefixes ...string) bool {
	var text string
	if away, ok := errors.AsType[*turnedAwayError](err); ok {
		text = away.reply
	} else if reply, ok := errors.AsType[redis.Error](err); ok {
		text = reply.Error()
	} else {
		return false
	}
	// Redis 6.2 tells where in a script: "@user_script: 12: -OOM command not allowed".
	if place, ok := strings.CutPrefix(text, "@user_script: "); ok {
		_, text, _ = strings.Cut(place, ": ")
		text = strings.TrimPrefix(text, "-")
	}
	text = strings.TrimPrefix(text, "ERR ") // some servers put it before every code
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}
