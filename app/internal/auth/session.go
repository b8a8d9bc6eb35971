package auth

import (
	"net/http"
	"sync"
	"time"
)

const (
	// sessionLife is how long a session lasts, used or not.
	sessionLife = 12 * time.Hour
	// maxEnded is how many ended sessions are remembered.
	maxEnded = 10_000
)

// sessions are held by the browsers, in signed cookies, so that every process with
// the same keys knows them. A process remembers those that were ended in it, until
// they expire; other processes do not know.
type sessions struct {
	cookies cookies

	mu    sync.Mutex
	ended map[string]time.Time // by id, when it expires
	since time.Time            // sessions that began until then have ended
}

func newSessions(key []byte) *sessions {
	return &sessions{
		cookies: newCookies(key, "admin-session", sessionLife),
		ended:   map[string]time.Time{},
	}
}

// of returns the sessions that a request is part of: one, or none.
func (s *sessions) of(r *http.Request, secure bool) []token {
	var valid []token
	for _, token := range s.cookies.of(r, secure) {
		if !s.hasEnded(token) {
			valid = append(valid, token)
		}
	}
	return valid
}

// begin gives the browser a session in place of the one it has.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, secure bool) error {
	s.end(r, secure)
	return s.cookies.set(w, secure, false, newToken())
}

// end ends the sessions of a request, and says whether there were any.
func (s *sessions) end(r *http.Request, secure bool) bool {
	valid := s.of(r, secure)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range valid {
		s.forget()
		s.ended[token.ID] = token.Issued.Add(sessionLife + time.Minute)
	}
	return len(valid) > 0
}

// forget makes room for one more, if need be by ending all there are: none may come
// back.
func (s *sessions) forget() {
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

func (s *sessions) hasEnded(t token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[t.ID]
	return ended || !t.Issued.After(s.since)
}
