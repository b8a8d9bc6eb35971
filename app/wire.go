package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/admin"
	"example.com/herokuapp/app/internal/auth"
	"example.com/herokuapp/app/internal/compat"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/live"
	"example.com/herokuapp/app/internal/metrics"
	"example.com/herokuapp/app/internal/moving"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/public"
	"example.com/herokuapp/app/internal/store"
	"example.com/herokuapp/app/internal/web"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
	"example.com/herokuapp/templates/badge"
)

// options tells fx how to build the program. A start that waits for the store ends with stop. fx
// stops the parts in reverse order: the server first, the store last.
func options(stop context.Context, cfg config.Config, log *zap.Logger) fx.Option {
	return fx.Options(
		fx.Supply(fx.Annotate(stop, fx.As(new(context.Context))), cfg, log),
		fx.Provide(templates.New, badge.NewDrawer, newMetrics, openStore, newCounters, newGate, newViews, newHub, newSurfaces, newCompat, newServer),
		fx.Invoke(serveMetrics, func(*web.Server) {}),
		fx.NopLogger, // fx returns errors, and main prints them
	)
}

// metricsServer serves the metrics. It is empty if nothing is measured.
type metricsServer struct{ *web.Server }

// newMetrics measures the program if it has an address to serve metrics on. The server closes
// last, so that the metrics can be read while the store drains.
func newMetrics(lc fx.Lifecycle, cfg config.Config, log *zap.Logger) (*metrics.Metrics, metricsServer, error) {
	if !cfg.MetricsAddr.IsValid() {
		return nil, metricsServer{}, nil
	}
	measured := metrics.New(config.Version(), cfg.Revision)
	server, err := web.NewMetricsServer(cfg, measured.Handler(log), log)
	if err != nil {
		return nil, metricsServer{}, err
	}
	lc.Append(fx.StopHook(server.Close))
	return measured, metricsServer{server}, nil
}

// serveMetrics serves the metrics, before the first page is served. If the server fails, the
// program ends.
func serveMetrics(lc fx.Lifecycle, shutdowner fx.Shutdowner, measured *metrics.Metrics, server metricsServer,
	opened *store.Opened, counted *pageviews.Counter, hub *live.Hub, log *zap.Logger,
) {
	if measured == nil {
		return
	}
	measured.Watch(metrics.Sources{Store: opened.Store, Health: opened.Health, Log: log, Listeners: hub.Listeners, Pages: counted.Pages})
	lc.Append(fx.StartHook(func(ctx context.Context) error { return server.Start(ctx, func() { fail(shutdowner) }) }))
}

// fail ends the program with an exit status that says so.
func fail(shutdowner fx.Shutdowner) { _ = shutdowner.Shutdown(fx.ExitCode(1)) }

// openStore opens the store, for which it waits no longer than start lasts, and drains and closes
// it when the program stops.
func openStore(start context.Context, lc fx.Lifecycle, cfg config.Config, measured *metrics.Metrics, log *zap.Logger) (*store.Opened, error) {
	opened, err := store.Open(start, cfg, log, measured.Backend)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(func(ctx context.Context) error {
		if deadline, ok := ctx.Deadline(); ok { // fx waits no longer, and what was not counted must be logged before
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-cfg.ReportTime()))
			defer cancel()
		}
		return opened.Shutdown(ctx)
	}))
	lc.Append(fx.StartStopHook(opened.Health.Start, opened.Health.Stop))
	return opened, nil
}

// newCounters learns of aliases while the program runs.
func newCounters(lc fx.Lifecycle, cfg config.Config, opened *store.Opened, log *zap.Logger) *counters.Counters {
	all := counters.New(opened.Store, cfg.ImportLimit, log)
	lc.Append(fx.StartStopHook(all.Start, all.Stop))
	return all
}

func newGate(cfg config.Config, pages *templates.Pages, log *zap.Logger) *auth.Gate {
	return auth.New(cfg, pages, log)
}

// newViews counts pages elsewhere while the program runs.
func newViews(lc fx.Lifecycle, cfg config.Config, all *counters.Counters, log *zap.Logger) *pageviews.Counter {
	counted := pageviews.New(cfg, all.Counted(), log)
	lc.Append(fx.StartStopHook(counted.Start, counted.Stop))
	return counted
}

func newHub(cfg config.Config, all *counters.Counters) *live.Hub {
	return live.NewHub(all.Counted().Get, cfg.MaxListeners)
}

// newSurfaces returns the public addresses.
func newSurfaces(cfg config.Config, counted *pageviews.Counter, hub *live.Hub, all *counters.Counters, gate *auth.Gate, drawer *badge.Drawer, pages *templates.Pages) *public.Surfaces {
	return public.New(cfg, counted, hub, all, gate.IsOwner, drawer, pages)
}

// newCompat returns the addresses of other services.
func newCompat(cfg config.Config, counted *pageviews.Counter, hub *live.Hub, all *counters.Counters, gate *auth.Gate, drawer *badge.Drawer) *compat.Services {
	return compat.New(cfg, counted, hub, all, gate, drawer)
}

// addMoving adds what reads the numbers at other services.
func addMoving(lc fx.Lifecycle, cfg config.Config, about *admin.About) error {
	naming := moving.Naming{KeepQuery: cfg.KeepQuery, Sites: cfg.Sites}
	transport := moving.NewTransport(nil)
	lc.Append(fx.StopHook(transport.CloseIdleConnections))
	about.Moving, about.ImportLimit = moving.NewReader(transport, naming), cfg.ImportLimit
	url := cmp.Or(cfg.MoveRedisURL, cfg.RedisURL)
	if url == "" {
		return nil
	}
	database, err := moving.OpenDatabase(moving.DatabaseOptions{
		URL: url, Own: cfg.RedisURL, Roots: cfg.RedisTLSRoots, SkipVerify: cfg.RedisTLSSkipVerify, Naming: naming,
	})
	switch {
	case err != nil && cfg.MoveRedisURL != "":
		return fmt.Errorf("MOVE_REDIS_URL: %w", err)
	case err == nil:
		lc.Append(fx.StopHook(database.Close))
		about.Database = database
	}
	return nil // REDIS_URL may be a Cluster, or behind Sentinels
}

// newServer serves all routes while the program runs. If the server fails, the program ends.
func newServer(lc fx.Lifecycle, shutdowner fx.Shutdowner, cfg config.Config, opened *store.Opened, gate *auth.Gate,
	surfaces *public.Surfaces, others *compat.Services, hub *live.Hub, all *counters.Counters, pages *templates.Pages, measured *metrics.Metrics, log *zap.Logger,
) (*web.Server, error) {
	stopping, stop := context.WithCancel(context.Background())
	skipped := new(web.Tally)
	routes := surfaces.Routes()
	if gate.Enabled() {
		about := admin.About{Revision: cfg.Revision, Started: time.Now(), Health: opened.Health, Stopping: stopping, Proxies: cfg.TrustedProxies, KeepQuery: cfg.KeepQuery, Sites: cfg.Sites, Stats: cfg.History && cfg.Stats != config.StatsOff}
		if err := addMoving(lc, cfg, &about); err != nil {
			stop()
			return nil, err
		}
		about.Skipped, about.NoHistory = skipped.Counts, !cfg.History
		about.Backup, _ = counter.As[counter.Snapshotter](opened.Store)
		routes = append(routes, gate.Routes()...)
		routes = append(routes, surfaces.OwnerRoutes(gate.Session)...)
		routes = append(routes, admin.Routes(all, about, gate, pages, log)...)
	}
	routes = append(routes, others.Routes()...) // last, because they match addresses above
	server, err := web.NewServer(cfg, web.NewHandler(skipped.Meter(measured.Meter()), cfg, opened.Store, opened.Health, pages, log, routes...), log)
	if err != nil {
		stop()
		return nil, err
	}
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error { return server.Start(ctx, func() { fail(shutdowner) }) },
		OnStop:  server.Stop,
	})
	// This runs before the server waits for its requests: a stream does not end by itself.
	lc.Append(fx.StopHook(hub.Close))
	lc.Append(fx.StopHook(stop))
	return server, nil
}
