package counterredis

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// ErrRefused says that the server answered [Open] and refuses the login, the
// database or the command: waiting won't help.
var ErrRefused = errors.New("counterredis: refused by the server")

// Open returns a store for the server at the URL, over a client that Close closes:
//
//	redis://user:password@host:6379/0   port 6379 and database 0 by default
//	rediss://user:password@host:6379/0  the same by TLS
//	unix:///path/to/redis.sock?db=0     by a Unix socket
//
// Options after the ? are those of [redis.ParseURL]. Where the URL sets none,
// dialing takes at most 1s, a write, a read of a reply and the wait for a
// connection 500ms, 500ms and 1s. max_retries is ignored: nothing is sent twice.
//
// Open asks the server once whether it answers, within ctx. A server that is out
// of reach, or not ready yet, is no error: the store works as soon as the server
// does, and [Store.Ping] tells. The errors are [ErrURL], [ErrRefused] and that of
// a context that had ended; none holds the password.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	clientOpts, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	store := New(redis.NewClient(clientOpts), opts)
	store.owned = true
	if err := store.client.Ping(ctx).Err(); refused(err) {
		return nil, errors.Join(fmt.Errorf("%w: %s: %w", ErrRefused, store, cause(ctx, err)), store.Close())
	}
	return store, nil
}
