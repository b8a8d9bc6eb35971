package admin

import (
	"crypto/rand"
	"sync"
)

// onceSize is how many tokens are remembered, and tokenLen the length of each in bytes.
const (
	onceSize = 1024
	tokenLen = 26
)

// once keeps this process from carrying out a form twice, after an impatient second click
// or the Back button. It is safe for concurrent use.
type once struct {
	mu   sync.Mutex
	used map[string]struct{}
	ring [onceSize]string // the used tokens, in order
	at   int
}

func newOnce() *once { return &once{used: map[string]struct{}{}} }

// token returns a new token for a form.
func (o *once) token() string { return rand.Text() }

// use reports whether this is the token's first use. Another process may have issued the
// token.
func (o *once) use(token string) bool {
	if len(token) != tokenLen {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.used[token]; ok {
		return false
	}
	delete(o.used, o.ring[o.at])
	o.used[token], o.ring[o.at] = struct{}{}, token
	o.at = (o.at + 1) % onceSize
	return true
}
