package counterredis

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.PrefixLister = (*Store)(nil)

const (
	// scanCount is how many keys the server examines in one step of a listing: enough for few
	// round trips, and few enough not to delay other clients by more than a millisecond or so.
	scanCount = 1000
	// valuesAtOnce is how many keys a listing gathers before it reads their values.
	valuesAtOnce = 500
	// maxPasses is how often a listing goes through all keys of a server, at most.
	maxPasses = 3
)

// List implements [counter.Store]. It goes through all keys of the database in steps; between
// them, Redis serves other clients. It remembers the names that it has yielded, because Redis
// may return a key twice. If the server restarts meanwhile, or another one takes its place, it
// begins again, as far as INFO tells. In a Cluster it goes through one primary after the other
// and may miss counters that move between them in the meantime.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return s.ListPrefixes(ctx, []string{prefix})
}

// ListPrefixes implements [counter.PrefixLister], as List does.
func (s *Store) ListPrefixes(ctx context.Context, prefixes []string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		servers, err := s.servers(ctx)
		if err != nil {
			yield(counter.Entry{}, err)
			return
		}
		l := listing{store: s, seen: map[string]bool{}, yield: yield}
		for _, prefix := range prefixes {
			l.prefixes = append(l.prefixes, s.key(prefix))
		}
		for _, server := range servers {
			if len(prefixes) > 0 && !l.server(ctx, server) {
				return
			}
		}
	}
}

// servers returns the server, or each primary of the Cluster.
func (s *Store) servers(ctx context.Context) ([]*redis.Client, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var servers []*redis.Client
	if err := s.eachServer(ctx, func(_ context.Context, client *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		servers = append(servers, client)
		return nil
	}); err != nil {
		return nil, readError(ctx, "list", "", err)
	}
	return servers, nil
}

// listing is a listing of counters.
type listing struct {
	store    *Store
	prefixes []string // of keys
	seen     map[string]bool
	yield    func(counter.Entry, error) bool
}

// step is what a step of a scan has found.
type step struct {
	keys []string
	err  error
}

// server yields the server's counters that were not seen before. It returns false if the listing
// has to end. While it reads their values, the server already looks for the next ones.
func (l *listing) server(ctx context.Context, server *redis.Client) bool {
	scanning, stop := context.WithCancel(ctx)
	steps, left := make(chan step, 1), make(chan struct{})
	send := func(s step) bool {
		select {
		case steps <- s:
			return true
		case <-left:
			return false
		}
	}
	var scan sync.WaitGroup
	scan.Go(func() {
		defer close(steps)
		// The end of ctx is sent, too, so that what was found so far does not look complete.
		if err := l.scan(scanning, server, func(keys []string) bool { return send(step{keys: keys}) }); err != nil {
			send(step{err: err})
		}
	})
	defer scan.Wait()
	defer stop()
	defer close(left)
	var keys []string
	for step := range steps {
		if step.err != nil {
			l.yield(counter.Entry{}, step.err)
			return false
		}
		if keys = l.add(keys, step.keys); len(keys) < valuesAtOnce {
			continue
		}
		if !l.values(ctx, keys) {
			return false
		}
		keys = keys[:0]
	}
	return l.values(ctx, keys)
}

// scan calls found with the keys that each step finds, until it returns false.
//
// A cursor means something only to the process that gave it. If another one answers at the end,
// after a restart or a failover, the scan begins again.
func (l *listing) scan(ctx context.Context, server *redis.Client, found func(keys []string) bool) error {
	process, err := l.store.runID(ctx, server)
	if err != nil {
		return err
	}
	for range maxPasses {
		steps, err := l.pass(ctx, server, found)
		if err != nil || steps < 2 { // a single step needs no cursor
			return err
		}
		before := process
		if process, err = l.store.runID(ctx, server); err != nil || process == before {
			return err
		}
	}
	return readError(ctx, "list", "", errChanged)
}

// pass goes through all keys once. It returns in how many steps, or 0 if found has returned false.
func (l *listing) pass(ctx context.Context, server *redis.Client, found func(keys []string) bool) (steps int, err error) {
	match := globOf(l.prefixes)
	for cursor := uint64(0); steps == 0 || cursor != 0; steps++ {
		var keys []string
		if keys, cursor, err = l.store.scan(ctx, server, cursor, match); err != nil {
			return steps, err
		}
		if !found(keys) {
			return 0, nil
		}
	}
	return steps, nil
}

// errChanged says that no pass over the keys was whole.
var errChanged = errors.New("the server restarted, or another one took its place, again and again meanwhile")

// runID returns what tells the server's process from all others, or nothing if the server does
// not say.
func (s *Store) runID(ctx context.Context, server *redis.Client) (id string, err error) {
	if err := s.usable(ctx); err != nil {
		return "", err
	}
	var info string
	err = again(ctx, server, func() error {
		info, err = server.Info(ctx, "server").Result()
		return err
	})
	if err != nil && (!replied(err, "") || unready(err) || refused(err)) {
		return "", readError(ctx, "list", "", err)
	}
	return readInfo(info)["run_id"], nil
}

// add appends the found keys of counters that were not seen before.
func (l *listing) add(keys, found []string) []string {
	for _, key := range found {
		if !slices.ContainsFunc(l.prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			continue
		}
		if name, ok := l.store.name(key); ok && !l.seen[name] {
			l.seen[name] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// values reads the values of the keys and yields the counters. It returns false if the listing
// has to end.
func (l *listing) values(ctx context.Context, keys []string) bool {
	values, err := l.store.values(ctx, keys)
	if err != nil {
		l.yield(counter.Entry{}, err)
		return false
	}
	for i, key := range keys {
		value, ok := parse(values[i])
		if !ok || value == 0 {
			continue
		}
		name, _ := l.store.name(key)
		if !l.yield(counter.Entry{Name: name, Value: value}, nil) {
			return false
		}
	}
	return true
}

// scan returns one step's keys and the cursor of the next step, zero after the last.
func (s *Store) scan(ctx context.Context, server *redis.Client, cursor uint64, match string) (keys []string, next uint64, err error) {
	if err := s.usable(ctx); err != nil {
		return nil, 0, err
	}
	err = again(ctx, server, func() error {
		keys, next, err = server.ScanType(ctx, cursor, match, scanCount, "string").Result()
		return err
	})
	if err != nil {
		return nil, 0, readError(ctx, "list", "", err)
	}
	return keys, next, nil
}

// values returns what the keys hold, or nothing for those that were removed or got another type
// since the scan saw them.
func (s *Store) values(ctx context.Context, keys []string) ([]string, error) {
	values := make([]string, len(keys))
	if len(keys) == 0 {
		return values, nil
	}
	if s.cluster == nil && !s.noMGet.Load() { // a Cluster refuses keys of different slots
		args := []any{"mget"}
		for _, key := range keys {
			args = append(args, key)
		}
		reply := redis.NewSliceCmd(ctx, args...)
		err := s.sendOne(ctx, keys[0], reply, delivery{reads: true})
		if err != nil && (!replied(err, "") || unready(err) || deniedKey(err)) {
			return nil, readError(ctx, "list", "", err)
		}
		if err == nil && len(reply.Val()) == len(keys) {
			for i, value := range reply.Val() {
				values[i], _ = value.(string)
			}
			return values, nil
		}
		s.noMGet.Store(true) // not permitted, or the keys of one node of a Cluster are in different slots
	}
	commands := make([]*command, len(keys))
	replies := make([]*redis.StringCmd, len(keys))
	for i, key := range keys {
		replies[i] = redis.NewStringCmd(ctx, "get", key)
		commands[i] = &command{key: key, Cmder: replies[i]}
	}
	s.send(ctx, commands, delivery{reads: true})
	for i, c := range commands {
		if c.err != nil && !replaced(c.err) {
			return nil, readError(ctx, "list", "", c.err)
		}
		values[i] = replies[i].Val()
	}
	return values, nil
}

// replaced reports whether err says that the key was removed or got another type since the
// scan saw it.
func replaced(err error) bool {
	return missing(err) || wrongType(err)
}
