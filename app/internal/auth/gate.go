// Package auth lets only the owner into the admin site. People send ADMIN_PASSWORD once,
// by a form, and then have a session, which is a signed cookie. Programs send ADMIN_TOKEN
// with each request.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/herokuapp/app/internal/client"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates"
)

// The addresses of this package's handlers, and of what is behind the gate.
const (
	Root       = "/admin/"
	LoginPath  = Root + "login"
	LogoutPath = Root + "logout"
)

// LoginPage renders the login form and a message about the last attempt. The form sends
// the field "password" to [LoginPath] by POST.
type LoginPage interface {
	AdminLogin(templates.AdminLogin) ([]byte, error)
}

// Gate lets the owner in. If neither a password nor a token is set, nobody gets in. It is
// safe for concurrent use.
type Gate struct {
	password secret
	token    secret
	proxies  client.Proxies
	sessions *sessions
	throttle *throttle
	form     LoginPage
	log      *zap.Logger
}

// New returns a gate for cfg.AdminPassword and cfg.AdminToken. Without cfg.SecretKey,
// sessions are only valid in this gate, and it logs a warning.
func New(cfg config.Config, form LoginPage, log *zap.Logger) *Gate {
	g := &Gate{
		password: newSecret(cfg.AdminPassword),
		token:    newSecret(cfg.AdminToken),
		proxies:  cfg.TrustedProxies,
		throttle: newThrottle(),
		form:     form,
		log:      log,
	}
	key := cfg.SecretKey
	if key == "" {
		key = rand.Text() + rand.Text()
		if g.Enabled() {
			log.Warn("SECRET_KEY is not set: admin sessions end with this process and are not valid in other processes")
		}
	}
	g.sessions = newSessions(key, cfg.AdminPassword, cfg.AdminToken)
	return g
}

// Enabled reports whether anybody can get in.
func (g *Gate) Enabled() bool { return g.password.set || g.token.set }

// secret is a text that only the owner knows.
type secret struct {
	set    bool
	digest [sha256.Size]byte // comparing digests does not reveal the length
}

func newSecret(text string) secret { return secret{text != "", sha256.Sum256([]byte(text))} }

// is reports in constant time whether text is the secret. If the secret is not set, no text is.
func (s secret) is(text string) bool {
	digest := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(digest[:], s.digest[:]) == 1 && s.set
}

// Session passes requests with a session to next, unless another site's page sent them to
// change something. It redirects other requests to the login if they only read, and refuses
// them with 403 otherwise.
func (g *Gate) Session(next http.Handler) http.Handler {
	return g.sameOrigin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case g.inSession(r):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			http.Redirect(w, r, LoginPath, http.StatusSeeOther)
		default:
			g.showForm(w, r, http.StatusForbidden, "Your session has ended. Nothing was changed. Log in and try again.")
		}
	}))
}

func (g *Gate) inSession(r *http.Request) bool {
	return len(g.sessions.of(r, g.proxies.TLS(r))) > 0
}

// attempt reports whether the text is the password, or how long to wait before trying again.
// The token is never made to wait, because it can't be guessed.
func (g *Gate) attempt(r *http.Request, text string) (ok bool, wait time.Duration) {
	if g.token.is(text) {
		return true, 0
	}
	ok, wait = g.throttle.attempt(client.Network(g.proxies.Address(r)), func() bool { return g.password.is(text) })
	switch {
	case wait > 0:
		g.logLine(r, zap.WarnLevel, "admin: too many attempts", zap.Duration("wait", wait))
	case !ok:
		g.logLine(r, zap.WarnLevel, "admin: wrong password")
	}
	return ok, wait
}

// logLine logs what a client did, with its address.
func (g *Gate) logLine(r *http.Request, level zapcore.Level, message string, fields ...zap.Field) {
	g.log.Log(level, message, append(fields,
		zap.Stringer("client", g.proxies.Address(r)),
		zap.Bool("tls", g.proxies.TLS(r)),
		zap.String("request_id", respond.RequestID(r)),
	)...)
}
