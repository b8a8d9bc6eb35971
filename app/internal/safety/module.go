package safety

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// Module provides the [*Watch] and runs it as long as the program.
func Module() fx.Option {
	return fx.Module("safety", fx.Provide(provide))
}

func provide(lc fx.Lifecycle, store counter.Store, log *zap.Logger) *Watch {
	watch := NewWatch(store, log)
	lc.Append(fx.StartStopHook(watch.Start, watch.Stop))
	return watch
}
