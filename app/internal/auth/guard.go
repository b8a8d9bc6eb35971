package auth

import (
	"net/http"

	"go.uber.org/zap"

	"example.com/herokuapp/templates"
)

// Guard goes around all of the admin site: nothing of it is kept in a cache, its
// pages load no more than a stylesheet, and no other site's page can change
// anything through the owner's browser.
func (g *Gate) Guard(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.logLine(r, zap.WarnLevel, "admin: refused a request from another site", zap.String("origin", r.Header.Get("Origin")))
		http.Error(w, "This request came from another site.", http.StatusForbidden)
	}))
	next = protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", templates.AdminPolicy)
		next.ServeHTTP(w, r)
	})
}
