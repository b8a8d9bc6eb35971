package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
)

// startTimeout is how long the start waits for a store that does not answer.
const startTimeout = 3 * time.Second

// Module provides the [counter.Store], and drains and closes it when the program
// stops.
func Module() fx.Option {
	return fx.Module("backend", fx.Provide(provide))
}

func provide(lc fx.Lifecycle, cfg config.Config, log *zap.Logger) (counter.Store, error) {
	redis.SetLogger(clientLogger{log.Named("redis")})
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	store, err := Open(ctx, cfg, observer(log))
	if err != nil {
		return nil, err
	}
	if name, ok := counter.As[fmt.Stringer](store); ok {
		log.Info("counts are kept in", zap.Stringer("store", name))
	}
	if pinger, ok := counter.As[counter.Pinger](store); ok {
		if err := pinger.Ping(ctx); err != nil {
			log.Warn("the store does not answer; views are kept until it does", zap.Error(err))
		}
	}
	lc.Append(fx.StopHook(func(ctx context.Context) error { return closeStore(ctx, store, log) }))
	return store, nil
}

// closeStore drains the store until the context ends, and says what remained.
func closeStore(ctx context.Context, store counter.Store, log *zap.Logger) error {
	draining, ok := store.(*coalesce.Store)
	if !ok {
		return store.Close()
	}
	if deadline, ok := ctx.Deadline(); ok {
		// fx waits no longer than ctx, not even for the lines below.
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-config.ReportTime))
		defer cancel()
	}
	err := draining.Shutdown(ctx)
	if undrained, ok := errors.AsType[*coalesce.UndrainedError](err); ok {
		for _, left := range undrained.Counters {
			log.Error("additions could not be applied", zap.String("counter", left.Name), zap.Int64("additions", left.Value))
		}
	}
	return err
}

// observer logs what happens to additions that no visitor waits for.
func observer(log *zap.Logger) func(coalesce.Event) {
	return func(event coalesce.Event) {
		fields := []zap.Field{zap.String("counter", event.Name), zap.Int64("additions", event.Additions), zap.Error(event.Err)}
		switch event.Kind {
		case coalesce.Failing:
			log.Warn("the store fails; views are kept until it answers", zap.Error(event.Err))
		case coalesce.Recovered:
			log.Info("the store answers again; what was kept is counted")
		case coalesce.Healed:
			log.Warn("the store had lost additions, which are counted again", fields...)
		case coalesce.Refused:
			log.Error("the store refuses additions that were kept", fields...)
		case coalesce.GivenUp:
			log.Error("additions are given up: nobody can tell whether they were counted", fields...)
		}
	}
}

// clientLogger shows what go-redis would print to stderr to developers only:
// what matters of it reaches us as errors. A server that does not know AUTH, such as
// an old Sentinel, repeats the password after the text that is cut off.
type clientLogger struct{ log *zap.Logger }

// Printf implements go-redis's logging interface.
func (l clientLogger) Printf(_ context.Context, format string, args ...any) {
	if entry := l.log.Check(zap.DebugLevel, ""); entry != nil {
		entry.Message, _, _ = strings.Cut(fmt.Sprintf(format, args...), ", with args")
		entry.Write()
	}
}
