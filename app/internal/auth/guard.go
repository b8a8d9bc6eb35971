package auth

import (
	"net/http"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/web"
	"example.com/herokuapp/templates"
)

// Header is set on every answer of the admin site: no cache keeps it, and its pages load
// nothing but a stylesheet.
func Header() http.Header {
	return http.Header{"Cache-Control": {"no-store"}, "Content-Security-Policy": {templates.AdminPolicy}}
}

// Routes returns the log-in and the log-out.
func (g *Gate) Routes() []web.Route {
	return []web.Route{
		{
			Path: LoginPath, Header: Header(), Guard: g.sameOrigin, Refuse: refuseMethod,
			Methods: respond.Methods{http.MethodGet: g.askPassword, http.MethodPost: g.takePassword},
		},
		{
			Path: LogoutPath, Header: Header(), Guard: g.sameOrigin, Refuse: refuseMethod,
			Methods: respond.Methods{http.MethodPost: g.endSession},
		},
	}
}

func refuseMethod(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
}

// sameOrigin keeps pages of other sites from changing anything through the owner's browser.
func (g *Gate) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.logLine(r, zap.WarnLevel, "admin: refused a request from another site", zap.String("origin", r.Header.Get("Origin")))
		http.Error(w, "This request came from another site.", http.StatusForbidden)
	}))
	return protection.Handler(next)
}
