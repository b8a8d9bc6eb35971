package counterredis

import (
	"context"
	"iter"
	"sync"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

// scanCount is how many keys the server examines in one step of a listing: enough for few
// round trips, and few enough not to delay other clients.
const scanCount = 500

// List implements [counter.Store]. It goes through all keys of the database in steps,
// between which Redis serves other clients. It remembers the names that it has yielded,
// because Redis may return a key twice. In a Cluster it goes through one primary after the
// other and may miss counters that move between them in the meantime.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		servers, err := s.servers(ctx)
		if err != nil {
			yield(counter.Entry{}, err)
			return
		}
		seen := map[string]bool{}
		for _, server := range servers {
			if !s.listServer(ctx, server, prefix, seen, yield) {
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

// listServer yields the server's counters that were not seen before. It returns false if
// the listing has to end.
func (s *Store) listServer(
	ctx context.Context, server *redis.Client, prefix string, seen map[string]bool, yield func(counter.Entry, error) bool,
) bool {
	match := glob(s.key(prefix))
	for cursor := uint64(0); ; {
		keys, next, err := s.scan(ctx, server, cursor, match)
		if err == nil {
			var entries []counter.Entry
			entries, err = s.entries(ctx, keys, seen)
			for _, entry := range entries {
				if !yield(entry, nil) {
					return false
				}
			}
		}
		if err != nil {
			yield(counter.Entry{}, err)
			return false
		}
		if next == 0 {
			return true
		}
		cursor = next
	}
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

// entries returns the counters among keys that were not seen before.
func (s *Store) entries(ctx context.Context, keys []string, seen map[string]bool) ([]counter.Entry, error) {
	var entries []counter.Entry
	var values []*redis.StringCmd
	var commands []*command
	for _, key := range keys {
		name, ok := s.name(key)
		if !ok || seen[name] {
			continue
		}
		seen[name] = true
		entries = append(entries, counter.Entry{Name: name})
		value := redis.NewStringCmd(ctx, "get", key) // not MGET, which a Cluster refuses across slots
		values = append(values, value)
		commands = append(commands, &command{key: key, Cmder: value})
	}
	if len(entries) == 0 {
		return nil, nil
	}
	s.send(ctx, commands, delivery{reads: true})
	found := entries[:0]
	for i, c := range commands {
		switch {
		case replaced(c.err):
			continue
		case c.err != nil:
			return nil, readError(ctx, "list", "", c.err)
		}
		if number, ok := parse(values[i].Val()); ok && number != 0 {
			found = append(found, counter.Entry{Name: entries[i].Name, Value: number})
		}
	}
	return found, nil
}

// replaced reports whether err says that the key was removed or got another type since the
// scan saw it.
func replaced(err error) bool {
	return missing(err) || wrongType(err)
}
