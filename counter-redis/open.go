package counterredis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"
)

// ErrRefused says that the server answered [Open] and refuses the login, the
// database or the commands that counting takes: waiting won't help.
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
// Open asks the server once whether it answers and runs the script of batches,
// within ctx. A server that is out of reach, or not ready yet, is no error: the
// store works as soon as the server does, and [Store.Ping] tells. The errors are
// [ErrURL], [ErrRefused], a [*tls.CertificateVerificationError], that of options
// that can't be and that of a context that had ended; none holds the password.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	clientOpts, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	opts.apply(clientOpts)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	clientOpts.Dialer = dialer(clientOpts)
	client := redis.NewClient(clientOpts)
	store, err := New(client, opts)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	store.owned = true
	if err = client.Ping(ctx).Err(); err == nil {
		err = store.mayApply(ctx)
	}
	switch {
	case refused(err), denied(err):
		return nil, errors.Join(fmt.Errorf("%w: %s: %w", ErrRefused, store, cause(ctx, err)), store.Close())
	case untrusted(err):
		return nil, errors.Join(fmt.Errorf("counterredis: %s: %w", store, err), store.Close())
	}
	return store, nil
}

// dialer returns go-redis's own, with every error marked as one of dialing, that
// of a TLS handshake too: it proves that nothing was sent.
func dialer(client *redis.Options) func(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := redis.NewDialer(client)
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err == nil {
			return conn, nil
		}
		if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" {
			err = &net.OpError{Op: "dial", Net: network, Err: err}
		}
		return nil, err
	}
}

// apply sets on the client what the options say of it.
func (o Options) apply(client *redis.Options) {
	if o.TLS != nil && client.TLSConfig != nil {
		host := client.TLSConfig.ServerName
		client.TLSConfig = o.TLS.Clone()
		client.TLSConfig.ServerName = cmp.Or(o.TLS.ServerName, host)
	}
	if o.MaxConns > 0 {
		client.PoolSize = o.MaxConns // which is no limit without the next
		client.MaxActiveConns = o.MaxConns
		client.MinIdleConns = min(client.MinIdleConns, o.MaxConns)
		client.PipelinePoolSize = -1 // pipelines would have a pool of their own
	}
}
