// Package admin is the SITE helper's; this file goes at the merge.
package admin

import (
	"fmt"
	"net/http"

	"go.uber.org/fx"

	"example.com/herokuapp/app/internal/auth"
)

// Module provides the handler named admin.
func Module() fx.Option {
	return fx.Module("admin", fx.Provide(fx.Annotate(func(gate *auth.Gate) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/admin/", gate.Session(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the counters") })))
		mux.Handle("/admin/api/", gate.Bearer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the API") })))
		return mux
	}, fx.ResultTags(`name:"admin"`))))
}
