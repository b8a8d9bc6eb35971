package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
)

const (
	// cookieName is the session's cookie without TLS. With TLS it has a prefix, so that
	// browsers don't accept it from another host or from a connection without TLS.
	cookieName = "admin-session"
	// sessionLife is how long a session lasts, used or not.
	sessionLife = 12 * time.Hour
	// maxSkew is the largest accepted difference between the clocks of two processes.
	maxSkew = time.Minute
	// remembered is how long after its beginning an ended session is remembered.
	remembered = sessionLife + maxSkew
	// maxEnded is how many ended sessions are remembered.
	maxEnded = 10_000
)

// session is what a cookie holds.
type session struct {
	ID     string    `json:"id"`
	Issued time.Time `json:"issued"`
}

// sessions are kept by the browsers in signed cookies, so every process with the same
// secrets accepts them. A process remembers the sessions that were ended in it until they
// would have expired. Other processes don't learn of it. It is safe for concurrent use.
type sessions struct {
	codec *securecookie.SecureCookie

	mu    sync.Mutex
	ended map[string]time.Time // by id, when it expires
	since time.Time            // all sessions that began before this have ended
}

// newSessions returns sessions that end when one of the secrets changes.
func newSessions(key string, secrets ...string) *sessions {
	digest := sha256.Sum256([]byte(strings.Join(secrets, "\x00"))) // no secret contains a NUL
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("admin sessions\x00"))
	mac.Write(digest[:])
	codec := securecookie.New(mac.Sum(nil), nil).MaxAge(0).SetSerializer(securecookie.JSONEncoder{}) // it does not know of clocks that are set back
	return &sessions{codec: codec, ended: map[string]time.Time{}}
}

// of returns the session that a request belongs to, or nothing.
func (s *sessions) of(r *http.Request, secure bool) []session {
	return slices.DeleteFunc(s.signed(r, secure), func(found session) bool {
		age := time.Since(found.Issued)
		return age < -maxSkew || age > sessionLife
	})
}

// signed returns the sessions of a request that have not been ended, whatever their time.
func (s *sessions) signed(r *http.Request, secure bool) []session {
	var all []session
	name := cookie(secure).Name
	for _, cookie := range r.CookiesNamed(name) {
		var found session
		// The signature covers the name, so a cookie sent without TLS is not valid with TLS.
		if s.codec.Decode(name, cookie.Value, &found) == nil && !s.hasEnded(found) {
			all = append(all, found)
		}
	}
	return all
}

// begin gives the browser a new session and ends its old one.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, secure bool) error {
	s.end(r, secure)
	cookie := cookie(secure) //nolint:gosec // it sets what gosec misses here
	value, err := s.codec.Encode(cookie.Name, session{ID: rand.Text(), Issued: time.Now()})
	if err != nil {
		return err
	}
	cookie.Value = value
	http.SetCookie(w, cookie)
	return nil
}

// end ends the sessions of a request, and reports whether there were any. They include those
// that are only valid at another time, because a clock may be set.
func (s *sessions) end(r *http.Request, secure bool) bool {
	all := s.signed(r, secure)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range all {
		s.makeRoom()
		s.ended[session.ID] = session.Issued.Add(remembered)
	}
	return len(all) > 0
}

// makeRoom makes room to remember one more ended session. If it must, it ends all sessions,
// because an ended session must never become valid again.
func (s *sessions) makeRoom() {
	if len(s.ended) < maxEnded {
		return
	}
	now := time.Now()
	for id, expiry := range s.ended {
		if now.After(expiry) {
			delete(s.ended, id)
		}
	}
	if len(s.ended) == maxEnded {
		s.since = now
		for _, expiry := range s.ended {
			if issued := expiry.Add(-remembered); issued.After(s.since) { // the clock was ahead
				s.since = issued
			}
		}
		clear(s.ended)
	}
}

func (s *sessions) hasEnded(session session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[session.ID]
	return ended || !session.Issued.After(s.since)
}

// cookie returns the session's cookie without a value. SameSite=Lax lets links from other
// sites use the session; [Gate.Session] refuses requests from there that change anything.
func cookie(secure bool) *http.Cookie {
	if secure {
		return &http.Cookie{Name: "__Host-" + cookieName, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	}
	//nolint:gosec // without TLS, which Secure would demand
	return &http.Cookie{Name: cookieName, Path: Root, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// forget makes the browser forget its session. It overwrites the cookie instead of deleting
// it, because only then does Chromium drop all the pages that it keeps in memory for its
// Back button.
func (s *sessions) forget(w http.ResponseWriter, secure bool) {
	cookie := cookie(secure) //nolint:gosec // it sets what gosec misses here
	cookie.Value = "none"
	http.SetCookie(w, cookie)
}
