package web

import (
	"context"

	"go.uber.org/fx"
)

// Module provides the [*Server] and runs it as long as the program.
func Module() fx.Option {
	return fx.Module("web",
		fx.Provide(fx.Annotate(NewHandler, fx.ParamTags("", "", "", "", "", `name:"admin"`)), fx.Private),
		fx.Provide(NewServer),
		fx.Invoke(run),
	)
}

func run(lc fx.Lifecycle, server *Server, shutdowner fx.Shutdowner) {
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			return server.Start(ctx, func() { _ = shutdowner.Shutdown(fx.ExitCode(1)) })
		},
		OnStop: server.Stop,
	})
}
