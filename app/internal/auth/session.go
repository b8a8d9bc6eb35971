package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
)

const (
	// cookieName is the session's cookie without TLS. Behind TLS it has a prefix with which
	// browsers take it neither from another host nor from a connection without TLS.
	cookieName = "admin-session"
	// sessionLife is how long a session lasts, used or not.
	sessionLife = 12 * time.Hour
	// maxSkew is how far the clocks of two processes may be apart.
	maxSkew = time.Minute
	// maxEnded is how many ended sessions are remembered.
	maxEnded = 10_000
)

// session is what a cookie holds.
type session struct {
	ID     string    `json:"id"`
	Issued time.Time `json:"issued"`
}

// sessions are kept by the browsers, in signed cookies, so that every process with the
// same secrets knows them. A process remembers the sessions that were ended in it until
// they would have expired; other processes don't know. It is safe for concurrent use.
type sessions struct {
	codec *securecookie.SecureCookie

	mu    sync.Mutex
	ended map[string]time.Time // by id, when it expires
	since time.Time            // all sessions that began until then have ended
}

// newSessions returns sessions that end when one of the secrets changes.
func newSessions(key string, secrets ...string) *sessions {
	digest := sha256.Sum256([]byte(strings.Join(secrets, "\x00"))) // none of them has a NUL
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("admin sessions\x00"))
	mac.Write(digest[:])
	codec := securecookie.New(mac.Sum(nil), nil).MaxAge(int(sessionLife.Seconds())).SetSerializer(securecookie.JSONEncoder{})
	return &sessions{codec: codec, ended: map[string]time.Time{}}
}

// of returns the sessions that a request is part of: one, or none.
func (s *sessions) of(r *http.Request, secure bool) []session {
	var valid []session
	name := cookie(secure).Name
	for _, cookie := range r.CookiesNamed(name) {
		var found session
		// The signature covers the name: a cookie sent without TLS is not valid with it.
		if s.codec.Decode(name, cookie.Value, &found) == nil && time.Until(found.Issued) <= maxSkew && !s.hasEnded(found) {
			valid = append(valid, found)
		}
	}
	return valid
}

// begin gives the browser a new session, and ends the one that it has.
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

// end ends the sessions of a request, and reports whether there were any.
func (s *sessions) end(r *http.Request, secure bool) bool {
	valid := s.of(r, secure)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range valid {
		s.makeRoom()
		s.ended[session.ID] = session.Issued.Add(sessionLife + maxSkew)
	}
	return len(valid) > 0
}

// makeRoom makes room for one more ended session. If need be it ends all there are: no
// ended session may come back.
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
		clear(s.ended)
	}
}

func (s *sessions) hasEnded(session session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[session.ID]
	return ended || !session.Issued.After(s.since)
}

// cookie returns the session's cookie without a value. Lax, it comes with links from
// other sites; what changes anything, Guard refuses from there.
func cookie(secure bool) *http.Cookie {
	if secure {
		return &http.Cookie{Name: "__Host-" + cookieName, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	}
	//nolint:gosec // without TLS, which Secure would demand
	return &http.Cookie{Name: cookieName, Path: Root, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// forget has the browser forget its session. It overwrites the cookie instead of deleting
// it, because Chromium then drops the pages that it keeps in memory for its Back button; with a
// deletion it keeps the one that the login led to.
func (s *sessions) forget(w http.ResponseWriter, secure bool) {
	cookie := cookie(secure) //nolint:gosec // it sets what gosec misses here
	cookie.Value = "none"
	http.SetCookie(w, cookie)
}
