package auth

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/templates"
)

// Module provides the [*Gate].
func Module() fx.Option {
	return fx.Module("auth", fx.Provide(provide))
}

func provide(cfg config.Config, pages *templates.Pages, log *zap.Logger) *Gate {
	return New(cfg, pages, log)
}
