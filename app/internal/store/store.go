// Package store opens the counter store that the configuration names. It watches whether
// the store answers and what endangers the counts in it.
package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterfile "example.com/herokuapp/counter-file"
	countermemory "example.com/herokuapp/counter-memory"
	counterredis "example.com/herokuapp/counter-redis"
)

// startTimeout is how long the start waits for a store that does not answer.
const startTimeout = 3 * time.Second

// Opened is an open store with its health. Store may be decorated without an effect on
// Health and Shutdown.
type Opened struct {
	Store  counter.Store
	Health *Health

	gathering *coalesce.Store // nil if additions are not gathered
	fallen    fallen
	log       *zap.Logger
}

// Open returns the store that cfg names. A Redis that can't be reached now is not
// an error: views are kept until it answers. Each decorator goes around the
// backend, the last one outermost, where it sees the calls that are made to it.
func Open(ctx context.Context, cfg config.Config, log *zap.Logger, decorators ...func(counter.Backend) counter.Backend) (*Opened, error) {
	opened := &Opened{log: log}
	decorate := func(backend counter.Backend) counter.Backend {
		for _, decorator := range decorators {
			backend = decorator(backend)
		}
		return backend
	}
	redis.SetLogger(clientLogger{log.Named("redis")})
	switch {
	case cfg.RedisURL != "":
		backend, err := openRedis(ctx, cfg)
		if err != nil {
			return nil, err
		}
		opened.gather(decorate(backend), cfg)
	case cfg.DataFile != "":
		backend, err := openFile(ctx, cfg, log)
		if err != nil {
			return nil, err
		}
		opened.gather(decorate(backend), cfg)
	default:
		opened.Store = decorate(countermemory.NewWith(countermemory.Options{History: cfg.History, HistoryHours: cfg.HistoryHours}))
		log.Info("counts end with the process: set DATA_FILE=counts.db to keep them in a file, or REDIS_URL to keep them in Redis")
	}
	opened.Health = NewHealth(opened.Store, log, cfg.Dangers...)
	opened.Health.fallen = &opened.fallen
	log.Info("counts are kept in", zap.String("store", opened.Health.name))
	_ = opened.Health.Ping(ctx) // which logs what is wrong
	return opened, nil
}

// gather decorates the backend so that each view counts once, in few calls, and in the hour
// that it was made in.
func (o *Opened) gather(backend counter.Backend, cfg config.Config) {
	o.gathering = coalesce.New(backend, coalesce.Options{Wait: cfg.PageWait, History: cfg.History, Observe: observer(o.log, &o.fallen)})
	o.Store = o.gathering
}

func openRedis(ctx context.Context, cfg config.Config) (*counterredis.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	opts := counterredis.Options{
		MaxConns: cfg.RedisPoolSize, WaitReplicas: cfg.RedisWaitReplicas, HistoryHours: cfg.HistoryHours, NoHistory: !cfg.History,
		TryNames: []string{counters.Home, counters.PagePrefix + "counterredis", counters.SitePrefix + "counterredis"},
	}
	if cfg.RedisTLSRoots != nil || cfg.RedisTLSSkipVerify {
		opts.TLS = &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            cfg.RedisTLSRoots,
			InsecureSkipVerify: cfg.RedisTLSSkipVerify, //nolint:gosec // the owner asked for it, and the documentation says what it costs
		}
	}
	store, err := counterredis.Open(ctx, cfg.RedisURL, opts)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return nil, fmt.Errorf("REDIS_URL: %w; set REDIS_TLS_CA to the certificate of the server's authority, "+
			"or REDIS_TLS_SKIP_VERIFY=true, which gives up the proof that this is your server", err)
	}
	if keys, ok := errors.AsType[*counterredis.KeysError](err); ok && keys.History {
		return nil, fmt.Errorf("REDIS_URL: %w; or set HISTORY=off, to count without one (docs/reliability.md has the whole rule)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	return store, nil
}

// fileWait is how long the start waits for a file that another process has open. In a rolling
// restart that is the previous process, which still counts what it holds.
const fileWait = 5 * time.Second

// fileLook is how often the start looks whether it has to wait any longer.
const fileLook = 100 * time.Millisecond

func openFile(ctx context.Context, cfg config.Config, log *zap.Logger) (*counterfile.Store, error) {
	opts := counterfile.Options{HistoryHours: cfg.HistoryHours, CloseTimeout: cfg.ReportTime() / 2, Wait: fileLook}
	store, err := counterfile.Open(cfg.DataFile, opts)
	if errors.Is(err, counterfile.ErrLocked) {
		log.Info("another process has the file open; waiting for it to end", zap.String("file", cfg.DataFile), zap.Duration("wait", fileWait))
		for end := time.Now().Add(fileWait); errors.Is(err, counterfile.ErrLocked) && time.Now().Before(end) && ctx.Err() == nil; {
			store, err = counterfile.Open(cfg.DataFile, opts)
		}
	}
	if errors.Is(err, counterfile.ErrLocked) && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("DATA_FILE: %w", err)
	}
	return store, nil
}

// Shutdown counts what is pending, until ctx ends. It logs what remains and closes the store.
func (o *Opened) Shutdown(ctx context.Context) error {
	if o.gathering == nil {
		return o.Store.Close()
	}
	err := o.gathering.Shutdown(ctx)
	if undrained, ok := errors.AsType[*coalesce.UndrainedError](err); ok {
		for _, left := range undrained.Counters {
			o.log.Error("additions could not be counted before the end", zap.String("event", "left"), zap.String("counter", left.Name), zap.Int64("additions", left.Value))
		}
	}
	return err
}
