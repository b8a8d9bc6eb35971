// Package counterredis keeps counters in Redis. Each is a plain integer string, so other
// programs can read and increment it.
//
// [Open] takes a URL and owns its connections. [New] takes a client that the caller owns.
// With coalesce.New around the store, each addition counts exactly once.
//
// While a writer adds to a counter, and for some time after, Redis has a record of it. For
// the writer w and the counter with the key a, the record's key is {a}:w. The history of that
// counter is in hashes: {a}2026-11 has the days of a month, {a}2026-11-26 the hours of a day,
// which expires, and {a}months the months. If such a key holds something else, batches are
// counted without a history.
//
// The Redis user needs access to all of these keys and to the commands GET, SET, DEL, INCRBY,
// EVAL, EVALSHA, SCAN and PING. Unless Options.NoHistory is set, it also needs HINCRBY, HDEL,
// HGET, HGETALL and PEXPIREAT. Options.WaitReplicas needs WAIT. [Store.Warnings] also sends
// INFO, CONFIG GET, PTTL and GETRANGE, and says less if the user may not send them. Without
// INFO, each batch has a call of its own, which costs the server more. [Store.List] sends MGET,
// and takes longer without it.
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

// Options are the options of a store. The zero value is right for a Redis without replicas.
type Options struct {
	// Prefix is what the key of every counter begins with: if it is "views:", the counter "/"
	// has the key "views:/". It is empty by default.
	Prefix string

	// RecordExpiry is how long the record of a writer is kept after its last batch. It is
	// what [Store.Retention] returns. The minimum is a second, the default an hour, and the
	// precision a millisecond. A record takes about 200 bytes on the server.
	RecordExpiry time.Duration

	// HistoryHours is how many hours after a day its hours are kept. After that only the day is
	// kept, for as long as the counter. The default, 0, is 60 days.
	HistoryHours int

	// NoHistory says that batches change no history, whatever their Hour is. Then the Redis
	// user needs no permission for the commands of histories. Existing histories stay.
	NoHistory bool

	// TryNames are names of counters. If the Redis user may add to one of them, but may not use
	// the keys of its records or its history, [Open] refuses the server with a [*KeysError], and
	// Warnings warns. They need not exist, and stay as they are.
	TryNames []string

	// WaitReplicas is how many replicas must have a write before it counts as done, by the
	// command WAIT. The default is 0. If fewer have it after half of the client's ReadTimeout,
	// or of the time that the context leaves, the error is [counter.ErrUnknown], and a batch
	// can be repeated. In a Cluster it is the number of replicas of each primary.
	WaitReplicas int

	// The rest is for [Open] only: a client that is passed to [New] has its own settings.

	// TLS says how to verify a rediss:// server. Without a ServerName, each server's
	// certificate must be valid for the host by which it is reached. If TLS is nil, the
	// system's authorities are trusted.
	TLS *tls.Config

	// MaxConns is the most connections that the store may have, whatever the URL says; in a
	// Cluster, to each node. If it is zero, the store keeps as many as the URL's pool_size or
	// go-redis's default of ten for each CPU, and may open more in a burst.
	MaxConns int
}

// Store is a [counter.Backend] in Redis. It is safe for concurrent use. An addition is one
// INCRBY, sent once: if its reply is lost, the error is [counter.ErrUnknown]. A batch is one
// call of a script, or shares one with others.
type Store struct {
	// One of the two is nil.
	single  *redis.Client
	cluster *redis.ClusterClient

	strangers    strangers
	together     together
	hand         inHand
	prefix       string
	expiry       time.Duration
	historyHours int // how long they are kept
	noHistory    bool
	tried        []string // keys of counters
	last         atomic.Pointer[moment]
	noMGet       atomic.Bool   // the server refuses it
	replicas     int           // that writes wait for
	patience     time.Duration // with a reply
	label        string
	owned        bool
	closed       atomic.Bool
}

var (
	_ counter.Backend = (*Store)(nil)
	_ counter.Pinger  = (*Store)(nil)
)

// New returns a store over a client that the caller owns: Close leaves it open. The client is a
// [*redis.Client], of one server or through Sentinels, or a [*redis.ClusterClient], such as one
// from [redis.NewFailoverClusterClient]. New refuses a [*redis.Ring] and other types, with
// which it could list only some of the counters or send a command twice. It also refuses a
// client with a client-side cache, whose values may be old.
//
// The store never lets the client repeat a command that changes something, whatever
// MaxRetries says, and reads only from primaries, whatever ReadOnly says. A context's
// deadline ends a call in flight only if the client has ContextTimeoutEnabled. The error
// says what is wrong with the client or which option is out of range.
func New(client redis.UniversalClient, opts Options) (*Store, error) {
	expiry := cmp.Or(opts.RecordExpiry, time.Hour).Truncate(time.Millisecond)
	if expiry < time.Second {
		return nil, fmt.Errorf("counterredis: a RecordExpiry of %v is less than a second", opts.RecordExpiry)
	}
	if opts.WaitReplicas < 0 {
		return nil, fmt.Errorf("counterredis: WaitReplicas is %d, less than 0", opts.WaitReplicas)
	}
	s := &Store{prefix: opts.Prefix, expiry: expiry, replicas: opts.WaitReplicas, label: "redis"}
	s.historyHours = min(cmp.Or(max(opts.HistoryHours, 0), counter.DefaultHistoryHours), int(counter.MaxHour))
	s.noHistory = opts.NoHistory
	for _, name := range opts.TryNames {
		s.tried = append(s.tried, s.key(name))
	}
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
	return valueOf(ctx, key, cmd.Val(), err)
}

// valueOf returns the value of a counter from the reply to GET.
func valueOf(ctx context.Context, key, text string, err error) (int64, error) {
	switch {
	case missing(err):
		return 0, nil
	case err != nil:
		return 0, readError(ctx, "get", key, err)
	}
	value, ok := parse(text)
	if !ok {
		return 0, fmt.Errorf("%w: the key %q in Redis does not hold an integer", counter.ErrType, key)
	}
	return value, nil
}

// Set implements [counter.Store].
func (s *Store) Set(ctx context.Context, name string, value int64) error {
	if err := s.ready(ctx, name); err != nil {
		return err
	}
	key := s.key(name)
	if value == 0 && !s.noHistory {
		return s.replace(ctx, "set", key, true, nil)
	}
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

// ping pings the server, or each primary of the Cluster.
func (s *Store) ping(ctx context.Context) error {
	return s.eachServer(ctx, func(ctx context.Context, client *redis.Client) error {
		return again(ctx, client, func() error { return client.Ping(ctx).Err() })
	})
}

// eachServer calls do for the server, or for all primaries of the Cluster at the same time.
// It returns one of their errors.
func (s *Store) eachServer(ctx context.Context, do func(ctx context.Context, client *redis.Client) error) error {
	if s.cluster == nil {
		return do(ctx, s.single)
	}
	// An error that does not come from do says that no node tells where the slots are.
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

// usable returns an error if the store is closed or the context has ended.
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

// parse reads an integer as Redis does: it accepts no plus sign, no spaces and no leading
// zeros.
func parse(text string) (int64, bool) {
	value, err := strconv.ParseInt(text, 10, 64)
	return value, err == nil && strconv.FormatInt(value, 10) == text
}

// PoolStats returns how the client's connections are used, in a Cluster those to all nodes
// together. It does not ask the server.
func (s *Store) PoolStats() *redis.PoolStats {
	if s.cluster != nil {
		return s.cluster.PoolStats()
	}
	return s.single.PoolStats()
}
