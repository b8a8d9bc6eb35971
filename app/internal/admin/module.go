// Package admin is the SITE helper's; this file goes at the merge.
package admin

import (
	"fmt"
	"net/http"
	"strings"

	"go.uber.org/fx"

	"example.com/herokuapp/app/internal/auth"
)

// Module provides the handler named admin.
func Module() fx.Option {
	return fx.Module("admin", fx.Provide(fx.Annotate(func(gate *auth.Gate) http.Handler {
		page := gate.Session(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the counters") }))
		api := gate.Bearer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the API") }))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/admin/api/") {
				api.ServeHTTP(w, r)
				return
			}
			page.ServeHTTP(w, r)
		})
	}, fx.ResultTags(`name:"admin"`))))
}
