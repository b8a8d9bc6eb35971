package auth

import (
	"encoding/json"
	"net/http"
	"strings"

	"example.com/herokuapp/app/internal/answer"
)

// Bearer lets requests pass to next that show the password, as
// "Authorization: Bearer <password>". It refuses the others with 401, and attempts
// that come too early with 429, as RFC 9457 has it.
func (g *Gate) Bearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		password, ok := bearer(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
			problem(w, http.StatusUnauthorized, "Send the password as Authorization: Bearer.")
			return
		}
		ok, wait := g.attempt(r, "bearer", password)
		switch {
		case wait > 0:
			problem(w, http.StatusTooManyRequests, "There were too many attempts. Try again in "+setRetryAfter(w, wait)+" seconds.")
		case !ok:
			w.Header().Set("WWW-Authenticate", `Bearer realm="admin", error="invalid_token"`)
			problem(w, http.StatusUnauthorized, "This is not the password.")
		default:
			next.ServeHTTP(w, r)
		}
	})
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

// problem answers as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(answer.NewProblem(status, detail))
	if err != nil { // can't be
		body = []byte("{}")
	}
	answer.Write(w, status, answer.ProblemType, append(body, '\n'))
}
