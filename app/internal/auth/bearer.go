package auth

import (
	"net/http"
	"strings"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
)

// Bearer lets requests with the token pass to next: "Authorization: Bearer <token>",
// unless another site's page sent them to change something. It refuses others with 401, as
// RFC 6750 and RFC 9457 say. It does not slow anybody down: a token can't be guessed, and
// whoever has it must not wait for those who try.
func (g *Gate) Bearer(next http.Handler) http.Handler {
	return g.sameOrigin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := bearer(r)
		switch {
		case !ok:
			w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
			respond.WriteProblem(w, http.StatusUnauthorized, "Send ADMIN_TOKEN as Authorization: Bearer.")
		case !g.token.is(token):
			g.logLine(r, zap.WarnLevel, "admin: wrong token")
			w.Header().Set("WWW-Authenticate", `Bearer realm="admin", error="invalid_token"`)
			respond.WriteProblem(w, http.StatusUnauthorized, "This is not ADMIN_TOKEN.")
		default:
			next.ServeHTTP(w, r)
		}
	}))
}

// IsOwner reports whether a request has the token.
func (g *Gate) IsOwner(r *http.Request) bool {
	token, ok := bearer(r)
	return ok && g.token.is(token)
}

// bearer returns the credentials of a request that has them exactly once.
func bearer(r *http.Request) (credentials string, ok bool) {
	lines := r.Header["Authorization"]
	if len(lines) != 1 {
		return "", false
	}
	scheme, credentials, _ := strings.Cut(lines[0], " ")
	return credentials, strings.EqualFold(scheme, "Bearer") && credentials != ""
}
