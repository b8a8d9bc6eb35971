package auth

import (
	"net/http"
	"strings"

	"example.com/herokuapp/app/internal/respond"
)

// Bearer lets requests pass to next that show the password, as
// "Authorization: Bearer <password>", unless another site's page sent them to change
// something. It refuses the others with 401, and attempts
// that come too early with 429, as RFC 9457 has it.
func (g *Gate) Bearer(next http.Handler) http.Handler {
	return g.sameOrigin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		password, ok := bearer(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
			respond.WriteProblem(w, http.StatusUnauthorized, "Send the password as Authorization: Bearer.")
			return
		}
		ok, wait := g.attempt(r, "bearer", password)
		switch {
		case wait > 0:
			respond.WriteProblem(w, http.StatusTooManyRequests, "There were too many attempts. Try again in "+respond.RetryAfter(w, wait)+" seconds.")
		case !ok:
			w.Header().Set("WWW-Authenticate", `Bearer realm="admin", error="invalid_token"`)
			respond.WriteProblem(w, http.StatusUnauthorized, "This is not the password.")
		default:
			next.ServeHTTP(w, r)
		}
	}))
}

// bearer returns the credentials of a request, if it has just one.
func bearer(r *http.Request) (credentials string, ok bool) {
	lines := r.Header["Authorization"]
	if len(lines) != 1 {
		return "", false
	}
	scheme, credentials, _ := strings.Cut(lines[0], " ")
	return credentials, strings.EqualFold(scheme, "Bearer") && credentials != ""
}
