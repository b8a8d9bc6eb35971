// Package auth lets the owner into the admin site, and nobody else. There is one
// password, ADMIN_PASSWORD. People show it once and then have a session, as a
// signed cookie; programs show it with each request.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/templates"
)

// Where the handlers of this package, and what is behind them, belong.
const (
	Root       = "/admin/"
	LoginPath  = Root + "login"
	LogoutPath = Root + "logout"
)

// LoginPage renders the form, with what is wrong about the last attempt. The form
// sends the field "password" to [LoginPath] by POST.
type LoginPage interface {
	AdminLogin(templates.AdminLogin) ([]byte, error)
}

// Gate lets the owner in. Where there is no password nobody gets in. It is safe
// for concurrent use.
type Gate struct {
	enabled  bool
	password [sha256.Size]byte // its digest, so that a comparison tells nothing of its length
	hops     hops
	sessions *sessions
	devices  *devices
	throttle *throttle
	form     LoginPage
	log      *zap.Logger
}

// New returns a gate for cfg.AdminPassword. Without cfg.SecretKey, sessions are
// those of this gate alone, which it warns of.
func New(cfg config.Config, form LoginPage, log *zap.Logger) *Gate {
	secret := cfg.SecretKey
	if secret == "" {
		secret = rand.Text() + rand.Text()
		if cfg.AdminPassword != "" {
			log.Warn("SECRET_KEY is not set: admin sessions end with this process, and no other process knows them")
		}
	}
	key := signingKey(secret, cfg.AdminPassword)
	return &Gate{
		enabled:  cfg.AdminPassword != "",
		password: sha256.Sum256([]byte(cfg.AdminPassword)),
		hops:     hops{trusted: cfg.TrustedProxies},
		sessions: newSessions(key),
		devices:  newDevices(key),
		throttle: newThrottle(),
		form:     form,
		log:      log,
	}
}

// Enabled says whether there is a password to get in with.
func (g *Gate) Enabled() bool { return g.enabled }

// Session lets requests with a session pass to next, unless another site's page sent
// them to change something. Of the others, those that read are sent to the login, and
// the rest are refused with 403.
func (g *Gate) Session(next http.Handler) http.Handler {
	return g.sameOrigin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case g.inSession(r):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			http.Redirect(w, r, LoginPath, http.StatusSeeOther)
		default:
			g.showForm(w, r, http.StatusForbidden, "Your session has ended, and nothing was changed. Log in and try again.")
		}
	}))
}

func (g *Gate) inSession(r *http.Request) bool {
	return len(g.sessions.of(r, g.hops.secure(r))) > 0
}

// attempt says whether the password is right, or how long to wait until it may be
// tried again.
func (g *Gate) attempt(r *http.Request, via, password string) (ok bool, wait time.Duration) {
	digest := sha256.Sum256([]byte(password))
	who := client{address: g.hops.address(r), device: g.devices.of(r, g.hops.secure(r))}
	ok, wait = g.throttle.attempt(who, func() bool {
		return g.enabled && subtle.ConstantTimeCompare(digest[:], g.password[:]) == 1
	})
	switch {
	case wait > 0:
		g.logLine(r, zap.WarnLevel, "admin: too many attempts", zap.String("via", via), zap.Duration("wait", wait))
	case !ok:
		g.logLine(r, zap.WarnLevel, "admin: wrong password", zap.String("via", via))
	}
	return ok, wait
}
