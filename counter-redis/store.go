// Package counterredis keeps counters in Redis, one plain integer string a
// counter, so that whatever else reads or increments the key stays right.
//
// [Open] takes a URL and owns its connections; [New] takes a client of the
// caller's. With coalesce.New around it each addition is counted exactly once.
//
// While a writer adds to a counter, and for some time after, Redis has a record of it: of
// the writer w to the counter under the key a it is {a}:w. The Redis user needs both kinds
// of key and the commands GET, SET, DEL, INCRBY, EVAL, EVALSHA, SCAN, PING and, for
// Options.WaitReplicas, WAIT. [Store.Warnings] also sends INFO, CONFIG GET, PTTL and
// GETRANGE, and says less to a user who may not.
package counterredis

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

// Options adapts a store. The zero value is right for a Redis without replicas.
type Options struct {
	// Prefix begins the key of every counter: "views:" has the counter "/" under
	// "views:/". Empty by default.
	Prefix string

	// RecordExpiry is how long the record of a writer is kept after its last batch:
	// what [Store.Retention] returns. A second at least, in steps of a millisecond;
	// an hour by default. A record takes the server some 200 bytes.
	RecordExpiry time.Duration

	// WaitReplicas is how many replicas must have what is written before it counts
	// as done, by the command WAIT: 0, none, by default. Where fewer have it after
	// half of the client's ReadTimeout, or of what the context leaves, the error is
	// [counter.ErrUnknown]: a batch can be repeated until they do. In a Cluster it
	// is the number of replicas of each primary.
	WaitReplicas int

	// The rest is for [Open] alone: a borrowed client has its own.

	// TLS is how a rediss:// server is proven to be the right one. Without a
	// ServerName, each server's certificate must be for the host by which it is
	// reached. Nil, it must be signed by an authority of the system.
	TLS *tls.Config

	// MaxConns is how many connections the store may have, in all, whatever the URL
	// says; in a Cluster, to each node. Zero, the URL's pool_size, or go-redis's
	// default of ten for each CPU, says how many it keeps, and a burst may open more.
	MaxConns int
}

// Store is a [counter.Backend] in Redis. An addition is one
// INCRBY, sent once: where its reply is lost, the error is [counter.ErrUnknown]. A
// batch is one call of a script.
type Store struct {
	// One of the two is nil.
	single  *redis.Client
	cluster *redis.ClusterClient

	strangers strangers
	hand      inHand
	prefix    string
	expiry    time.Duration
	replicas  int           // that writes wait for
	patience  time.Duration // with a reply
	label     string
	owned     bool
	closed    atomic.Bool
}

var (
	_ counter.Backend = (*Store)(nil)
	_ counter.Pinger  = (*Store)(nil)
)

// New returns a store over a client that stays the caller's: Close leaves it open. It
// is a [*redis.Client], of one server or through Sentinels, or a [*redis.ClusterClient],
// also one made by [redis.NewFailoverClusterClient]. A [*redis.Ring] and clients of other
// types are refused: only a part of the counters could be listed, or a command be sent
// twice. So is one with a client-side cache, whose values may be old.
//
// The store never lets the client repeat a command that changes something, whatever its
// MaxRetries says, and reads from primaries alone, whatever its ReadOnly says. The
// deadline of a context ends a call that is on its way only with ContextTimeoutEnabled.
// The error says what is wrong with the client or which option is out of range.
func New(client redis.UniversalClient, opts Options) (*Store, error) {
	expiry := cmp.Or(opts.RecordExpiry, time.Hour).Truncate(time.Millisecond)
	if expiry < time.Second {
		return nil, fmt.Errorf("counterredis: a RecordExpiry of %v is less than a second", opts.RecordExpiry)
	}
	if opts.WaitReplicas < 0 {
		return nil, fmt.Errorf("counterredis: WaitReplicas is %d, less than 0", opts.WaitReplicas)
	}
	s := &Store{prefix: opts.Prefix, expiry: expiry, replicas: opts.WaitReplicas, label: "redis"}
	switch client := client.(type) {
	case *redis.Client:
		if client == nil {
			return nil, errNoClient
		}
		of := client.Options()
		if of.ClientSideCache != nil || of.ClientSideCacheConfig != nil {
			return nil, errors.New("counterredis: the client has a client-side cache, whose values may be old")
		}
		s.single, s.patience = client, of.ReadTimeout
		s.label = fmt.Sprintf("redis %s/%d", of.Addr, of.DB)
	case *redis.ClusterClient:
		if client == nil {
			return nil, errNoClient
		}
		s.cluster, s.patience = client, client.Options().ReadTimeout
	case nil:
		return nil, errNoClient
	default:
		return nil, fmt.Errorf("counterredis: the client is a %T, not a *redis.Client or *redis.ClusterClient", client)
	}
	if s.patience <= 0 {
		s.patience = time.Minute // of a client that waits for ever
	}
	return s, nil
}

var errNoClient = errors.New("counterredis: the client is nil")

// Add implements [counter.Store].
func (s *Store) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if err := s.ready(ctx, name); err != nil {
		return 0, err
	}
	if err := counter.CheckDelta(delta); err != nil {
		return 0, err
	}
	key := s.key(name)
	s.hand.use(key)
	cmd := redis.NewIntCmd(ctx, "incrby", key, delta)
	if err := s.sendOne(ctx, key, cmd, delivery{replicas: s.replicas}); err != nil {
		return 0, writeError(ctx, "add to", key, err)
	}
	return cmd.Val(), nil
}

// Get implements [counter.Store].
func (s *Store) Get(ctx context.Context, name string) (int64, error) {
	if err := s.ready(ctx, name); err != nil {
		return 0, err
	}
	key := s.key(name)
	s.hand.use(key)
	cmd := redis.NewStringCmd(ctx, "get", key)
	err := s.sendOne(ctx, key, cmd, delivery{reads: true})
	switch {
	case missing(err):
		return 0, nil
	case err != nil:
		return 0, readError(ctx, "get", key, err)
	}
	value, ok := parse(cmd.Val())
	if !ok {
		return 0, fmt.Errorf("%w: the key %q in Redis holds no integer", counter.ErrType, key)
	}
	return value, nil
}

// Set implements [counter.Store].
func (s *Store) Set(ctx context.Context, name string, value int64) error {
	if err := s.ready(ctx, name); err != nil {
		return err
	}
	key := s.key(name)
	var cmd redis.Cmder = redis.NewStatusCmd(ctx, "set", key, value)
	if value == 0 {
		cmd = redis.NewIntCmd(ctx, "del", key)
	}
	if err := s.sendOne(ctx, key, cmd, delivery{replicas: s.replicas}); err != nil {
		return writeError(ctx, "set", key, err)
	}
	return nil
}

// Ping implements [counter.Pinger].
func (s *Store) Ping(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if err := s.ping(ctx); err != nil {
		return readError(ctx, "ping", "", err)
	}
	return nil
}

// ping asks the server, or each primary of the Cluster.
func (s *Store) ping(ctx context.Context) error {
	return s.eachServer(ctx, func(ctx context.Context, client *redis.Client) error {
		return again(ctx, client, func() error { return client.Ping(ctx).Err() })
	})
}

// eachServer calls do for the server, or for all primaries of the Cluster at once, and
// returns an error of one of them.
func (s *Store) eachServer(ctx context.Context, do func(ctx context.Context, client *redis.Client) error) error {
	if s.cluster == nil {
		return do(ctx, s.single)
	}
	// An error that do has not returned is of nodes that say nothing about the slots.
	var asked atomic.Bool
	err := s.cluster.ForEachMaster(ctx, func(ctx context.Context, client *redis.Client) error {
		asked.Store(true)
		return do(ctx, client)
	})
	if err != nil && !asked.Load() {
		return slotsError(err)
	}
	return err
}

// Close closes the connections that the store has opened itself.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	err := s.strangers.close()
	if s.owned && s.cluster != nil {
		err = errors.Join(err, s.cluster.Close())
	} else if s.owned {
		err = errors.Join(err, s.single.Close())
	}
	if err != nil {
		return fmt.Errorf("counterredis: close: %w", err)
	}
	return nil
}

// String names the server and its database for logs, without the login.
func (s *Store) String() string { return s.label }

// usable returns why a call must not go on: the store is closed, or the context has ended.
func (s *Store) usable(ctx context.Context) error {
	if s.closed.Load() {
		return counter.ErrClosed
	}
	return ctx.Err()
}

func (s *Store) ready(ctx context.Context, name string) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	return counter.CheckName(name)
}

// parse reads what Redis takes for an integer: no sign but a minus, no spaces,
// no zeros in front.
func parse(text string) (int64, bool) {
	value, err := strconv.ParseInt(text, 10, 64)
	return value, err == nil && strconv.FormatInt(value, 10) == text
}
