package auth

import (
	"net/http"
	"strings"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
)

// Bearer passes requests with "Authorization: Bearer <token>" to next, unless another
// site's page sent them to change something. It refuses all others with 401, as RFC 6750
// and RFC 9457 define. It slows nobody down: a token can't be guessed, and its owner must
// not have to wait because of those who try.
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

// HasToken reports whether a request has the token. Unlike a session, another site's page can't
// have a browser send it.
func (g *Gate) HasToken(r *http.Request) bool {
	token, ok := bearer(r)
	return ok && g.token.is(token)
}

// IsOwner reports whether a request that only reads is the owner's: whether it has the token or
// a session. Without TLS, browsers send a session to the admin site alone. A request that changes
// something needs more, even if its method is GET: a link can send a session.
func (g *Gate) IsOwner(r *http.Request) bool {
	return g.HasToken(r) || (r.Method == http.MethodGet || r.Method == http.MethodHead) && g.inSession(r)
}

// bearer returns the token of a request that has exactly one. Any number of spaces may be
// before it (RFC 6750, section 2.1).
func bearer(r *http.Request) (credentials string, ok bool) {
	lines := r.Header["Authorization"]
	if len(lines) != 1 {
		return "", false
	}
	scheme, credentials, _ := strings.Cut(lines[0], " ")
	credentials = strings.TrimLeft(credentials, " ")
	return credentials, strings.EqualFold(scheme, "Bearer") && credentials != ""
}
