// Package backend chooses the counter store the environment asks for. A new
// backend is one more case in [Open].
package backend

import (
	"context"
	"fmt"

	"example.com/herokuapp/app/internal/config"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
	counterredis "example.com/herokuapp/counter-redis"
)

// Open returns the store in Redis that cfg names, or one in memory if it names
// none. A Redis that can't be reached now is no error: it may come back.
func Open(ctx context.Context, cfg config.Config) (counter.Store, error) {
	switch {
	case cfg.RedisURL != "":
		store, err := counterredis.Open(ctx, cfg.RedisURL, counterredis.Options{})
		if err != nil {
			return nil, fmt.Errorf("REDIS_URL: %w", err)
		}
		return store, nil
	default:
		return countermemory.New(), nil
	}
}
