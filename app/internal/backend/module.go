package backend

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	counter "example.com/herokuapp/counter-core"
)

// startTimeout is how long the start waits for a store that does not answer.
const startTimeout = 3 * time.Second

// Module provides the [counter.Store] and closes it when the program stops.
func Module() fx.Option {
	return fx.Module("backend", fx.Provide(provide))
}

func provide(lc fx.Lifecycle, cfg config.Config, log *zap.Logger) (counter.Store, error) {
	redis.SetLogger(clientLogger{log.Named("redis").WithOptions(zap.WithCaller(false))})
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	store, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	log.Info("counts are kept in", zap.String("store", fmt.Sprint(store)))
	if pinger, ok := counter.As[counter.Pinger](store); ok {
		if err := pinger.Ping(ctx); err != nil {
			log.Warn("the store does not answer; pages are unavailable until it does", zap.Error(err))
		}
	}
	lc.Append(fx.StopHook(store.Close))
	return store, nil
}

// clientLogger shows what go-redis would print to stderr to developers only:
// what matters of it reaches us as errors.
type clientLogger struct{ log *zap.Logger }

// Printf implements go-redis's logging interface.
func (l clientLogger) Printf(_ context.Context, format string, args ...any) {
	if entry := l.log.Check(zap.DebugLevel, ""); entry != nil {
		entry.Message = fmt.Sprintf(format, args...)
		entry.Write()
	}
}
