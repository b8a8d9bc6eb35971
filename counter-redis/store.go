// Package counterredis keeps counters in Redis, one plain integer string a
// counter, so that whatever else reads or increments the key stays right.
//
// [Open] takes a URL and owns its connections; [New] takes a client of the
// caller's. With coalesce.New around it each addition is counted exactly once.
//
// Beside a counter there is, for a while, a record for each writer of batches: of
// the counter under the key a and the writer w it is {a}:w. The Redis user needs
// both kinds of key and the commands GET, SET, DEL, INCRBY, EVAL, EVALSHA, SCAN, PING
// and, for Options.WaitReplicas, WAIT. [Store.Warnings] also asks by INFO and CONFIG
// GET; a user who may not send them does without.
package counterredis

import (
	"cmp"
	"context"
	"crypto/tls"
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

// Store is a [counter.Store] in Redis, and a [counter.Applier]. An addition is one
// INCRBY, sent once: where its reply is lost, the error is [counter.ErrUnknown]. A
// batch is one call of a script.
type Store struct {
	client     redis.UniversalClient
	prefix     string
	expiry     time.Duration
	replicas   int           // that writes wait for
	patience   time.Duration // with a reply
	scriptHash string
	label      string
	owned      bool
	closed     atomic.Bool
}

var (
	_ counter.Store  = (*Store)(nil)
	_ counter.Pinger = (*Store)(nil)
)

// New returns a store over a client that stays the caller's: Close leaves it
// open. The store never lets it repeat a command that changes something,
// whatever its MaxRetries says. The error says which option is out of range.
func New(client redis.UniversalClient, opts Options) (*Store, error) {
	expiry := cmp.Or(opts.RecordExpiry, time.Hour).Truncate(time.Millisecond)
	if expiry < time.Second {
		return nil, fmt.Errorf("counterredis: a RecordExpiry of %v is less than a second", opts.RecordExpiry)
	}
	if opts.WaitReplicas < 0 {
		return nil, fmt.Errorf("counterredis: %d WaitReplicas are less than none", opts.WaitReplicas)
	}
	patience, ok := readTimeout(client)
	if patience <= 0 {
		patience = time.Minute // of a client that waits for ever
	}
	if !ok && opts.WaitReplicas > 0 {
		return nil, fmt.Errorf("counterredis: WaitReplicas with a %T, which may send WAIT to any server", client)
	}
	s := &Store{
		client: client, prefix: opts.Prefix, expiry: expiry, scriptHash: redis.NewScript(script).Hash(),
		replicas: opts.WaitReplicas, patience: patience, label: "redis",
	}
	if client, ok := client.(*redis.Client); ok {
		s.label = fmt.Sprintf("redis %s/%d", client.Options().Addr, client.Options().DB)
	}
	return s, nil
}

// readTimeout returns how long the client waits for replies: not above 0, for ever.
// It knows go-redis's clients of one server, of Sentinels and of a Cluster.
func readTimeout(client redis.UniversalClient) (timeout time.Duration, ok bool) {
	switch client := client.(type) {
	case *redis.Client:
		return client.Options().ReadTimeout, true
	case *redis.ClusterClient:
		return client.Options().ReadTimeout, true
	default:
		return 0, false
	}
}

// Add implements [counter.Store].
func (s *Store) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if err := s.ready(ctx, name); err != nil {
		return 0, err
	}
	if err := counter.CheckDelta(delta); err != nil {
		return 0, err
	}
	cmd := redis.NewIntCmd(ctx, "incrby", s.key(name), delta)
	if err := s.write(ctx, "add to", name, cmd); err != nil {
		return 0, err
	}
	return cmd.Val(), nil
}

// Get implements [counter.Store].
func (s *Store) Get(ctx context.Context, name string) (int64, error) {
	if err := s.ready(ctx, name); err != nil {
		return 0, err
	}
	key := s.key(name)
	text, err := s.client.Get(ctx, key).Result()
	switch {
	case missing(err):
		return 0, nil
	case err != nil:
		return 0, readError(ctx, "get", key, err)
	}
	value, ok := parse(text)
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
	return s.write(ctx, "set", name, cmd)
}

// write sends one command that changes the counter.
func (s *Store) write(ctx context.Context, verb, name string, cmd redis.Cmder) error {
	w := &write{key: s.key(name), cmd: cmd}
	s.send(ctx, []*write{w}, s.replicas)
	if w.err != nil {
		return writeError(ctx, verb, w.key, w.err)
	}
	return nil
}

// Ping implements [counter.Pinger].
func (s *Store) Ping(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := s.ping(ctx); err != nil {
		return readError(ctx, "ping", "", err)
	}
	return nil
}

// ping asks the server, or each primary of the Cluster.
func (s *Store) ping(ctx context.Context) error {
	ping := func(ctx context.Context, client *redis.Client) error { return client.Ping(ctx).Err() }
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, ping)
	}
	return s.client.Ping(ctx).Err()
}

// Close closes the connections if the store has opened them itself.
func (s *Store) Close() error {
	if s.closed.Swap(true) || !s.owned {
		return nil
	}
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("counterredis: close: %w", err)
	}
	return nil
}

// String names the server and its database for logs, without the login.
func (s *Store) String() string { return s.label }

// open returns why a call must not go on, if so.
func (s *Store) open(ctx context.Context) error {
	if s.closed.Load() {
		return counter.ErrClosed
	}
	return ctx.Err()
}

func (s *Store) ready(ctx context.Context, name string) error {
	if err := s.open(ctx); err != nil {
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
