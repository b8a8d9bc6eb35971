package counterredis

import (
	"context"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Bulk = (*Store)(nil)

// GetAll implements [counter.Bulk]. It sends one pipeline to each server.
func (s *Store) GetAll(ctx context.Context, names []string) (values []int64, errs []error) {
	values, errs = make([]int64, len(names)), make([]error, len(names))
	replies := make([]*redis.StringCmd, len(names))
	var commands []*command
	var places []int // in names
	for i, name := range names {
		if errs[i] = s.ready(ctx, name); errs[i] != nil {
			continue
		}
		key := s.key(name)
		replies[i] = redis.NewStringCmd(ctx, "get", key)
		commands, places = append(commands, &command{Cmder: replies[i], key: key}), append(places, i)
	}
	s.sendAll(ctx, commands, delivery{reads: true})
	for n, c := range commands {
		i := places[n]
		values[i], errs[i] = valueOf(ctx, c.key, replies[i].Val(), c.err)
	}
	return values, errs
}

// SetAll implements [counter.Bulk]. It sends one pipeline to each server, and one more call for
// each counter that is set to 0 and may have a history.
func (s *Store) SetAll(ctx context.Context, entries []counter.Entry) []error {
	errs := make([]error, len(entries))
	var commands []*command
	var places []int // in entries
	for i, entry := range entries {
		if entry.Value == 0 {
			errs[i] = s.Set(ctx, entry.Name, 0)
			continue
		}
		if errs[i] = s.ready(ctx, entry.Name); errs[i] != nil {
			continue
		}
		key := s.key(entry.Name)
		commands = append(commands, &command{Cmder: redis.NewStatusCmd(ctx, "set", key, entry.Value), key: key})
		places = append(places, i)
	}
	s.sendAll(ctx, commands, delivery{replicas: s.replicas})
	for n, c := range commands {
		if c.err != nil {
			errs[places[n]] = writeError(ctx, "set", c.key, c.err)
		}
	}
	return errs
}

// sendAll sends the commands, if there are any.
func (s *Store) sendAll(ctx context.Context, commands []*command, how delivery) {
	if len(commands) > 0 {
		s.send(ctx, commands, how)
	}
}
