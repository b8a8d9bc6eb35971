package counterredis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrRefused says that the server answered [Open] and that waiting won't help. It refuses
// the login, the database or the commands that counting needs; or it is a node of a
// Cluster but the URL is not a Cluster's, or the other way round; or the Sentinels don't
// know the primary.
var ErrRefused = errors.New("counterredis: refused by the server")

// Open returns a store for the Redis at the URL, over a client that Close closes:
//
//	redis://user:password@host:6379/0   port 6379 and database 0 by default
//	rediss://user:password@host:6379/0  the same by TLS
//	unix:///path/to/redis.sock?db=0     by a Unix socket
//
// With the option addr, which names any node, it is a Cluster:
//
//	redis://user:password@node1:6379?addr=node2:6379&addr=node3:6379
//
// With the option master_name it is the primary that Sentinels know by that name. The login
// in front of an @ is for the Sentinels, the options username and password are for the
// primary:
//
//	redis://sentinel1:26379/0?addr=sentinel2:26379&master_name=name&username=user&password=password
//
// The other options after the ? are those of [redis.ParseURL]. The timeouts have these
// defaults:
//
//	dial_timeout   1s
//	write_timeout  500ms
//	read_timeout   500ms
//	pool_timeout   1s, the wait for a connection
//
// max_retries is ignored: nothing is sent twice.
//
// Open asks the server, within ctx, whether it answers and runs the script of batches. It asks
// again if the first answer does not come in time. A server that can't be reached or is not
// ready is not an error: the store works as soon as the server does, and [Store.Ping] tells.
// The error is [ErrURL], [ErrRefused], a [*tls.CertificateVerificationError], an option out of
// range, or that the context had ended. It never contains the password.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	target, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	client, hook := target.client(opts)
	store, err := New(client, opts)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	store.owned = true
	store.strangers.hooks = []redis.Hook{hook}
	store.label = target.String()
	if err = store.check(ctx); late(err) && ctx.Err() == nil {
		// The first handshake also loads the certificates of the system, for which a slow machine
		// may need all the time that a connection has.
		err = store.check(ctx)
	}
	refusal := store.mistaken(ctx, err)
	if refusal == nil {
		refusal = target.refusal(ctx, err)
	}
	if refusal != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s: %w", ErrRefused, store, refusal), store.Close())
	}
	if untrusted(err) {
		return nil, errors.Join(fmt.Errorf("counterredis: %s: %w", store, err), store.Close())
	}
	return store, nil
}

// check reports whether the server answers and does what the store needs.
func (s *Store) check(ctx context.Context) error {
	if err := s.ping(ctx); err != nil {
		return err
	}
	return s.try(ctx)
}

// refusal returns the reason if err, the error of the first calls to the target, says that
// waiting won't help.
func (t *target) refusal(ctx context.Context, err error) error {
	switch {
	case t.kind == sentinels && errors.Is(err, redis.Nil): // the answer of the Sentinels
		return errors.New("no primary has this master_name")
	case t.server.ClientName != "" && denied(err) && strings.Contains(strings.ToLower(err.Error()), "client"):
		return fmt.Errorf("its option client_name needs the command CLIENT SETNAME: permit it, or leave out the option: %w", cause(ctx, err))
	case refused(err), denied(err), errors.Is(err, errTrial):
		return cause(ctx, err)
	default:
		return nil
	}
}
