// Package backend chooses the counter store the environment asks for. A new
// backend is one more case in [Open].
package backend

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"example.com/herokuapp/app/internal/config"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	countermemory "example.com/herokuapp/counter-memory"
	counterredis "example.com/herokuapp/counter-redis"
)

// Open returns the store in Redis that cfg names, or one in memory if it names
// none. A Redis that can't be reached now is no error: additions are kept until
// it comes back, and observe is told of what happens to them.
func Open(ctx context.Context, cfg config.Config, observe func(coalesce.Event)) (counter.Store, error) {
	switch {
	case cfg.RedisURL != "":
		store, err := openRedis(ctx, cfg)
		if err != nil {
			return nil, err
		}
		return coalesce.New(store, coalesce.Options{Overdue: cfg.PageWait, Observe: observe}), nil
	default:
		return countermemory.New(), nil
	}
}

func openRedis(ctx context.Context, cfg config.Config) (counter.Store, error) {
	opts := counterredis.Options{MaxConns: cfg.RedisPoolSize, WaitReplicas: cfg.RedisWaitReplicas}
	if cfg.RedisTLSRoots != nil || cfg.RedisTLSSkipVerify {
		opts.TLS = &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            cfg.RedisTLSRoots,
			InsecureSkipVerify: cfg.RedisTLSSkipVerify, //nolint:gosec // the owner asks for it, and is told what it costs
		}
	}
	store, err := counterredis.Open(ctx, cfg.RedisURL, opts)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return nil, fmt.Errorf("REDIS_URL: %w; set REDIS_TLS_CA to the certificate of the server's authority, "+
			"or REDIS_TLS_SKIP_VERIFY=true, which gives up the proof that this is your server", err)
	}
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	return store, nil
}
