package admin

import (
	"net/http"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/auth"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/safety"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

// Module provides the handler, named "admin".
func Module() fx.Option {
	return fx.Module("admin", fx.Provide(fx.Annotate(provide, fx.ResultTags(`name:"admin"`))))
}

func provide(cfg config.Config, store counter.Store, watch *safety.Watch, gate *auth.Gate, pages *templates.Pages, log *zap.Logger) http.Handler {
	return NewHandler(store, NewAbout(cfg, watch), gate, pages, log)
}
