package admin

import (
	"crypto/rand"
	"sync"
)

// onceSize is how many tokens are remembered, tokenLen the length of each.
const (
	onceSize = 1024
	tokenLen = 26
)

// once keeps a form from being carried out twice by this process: by an impatient
// second click, or by going back. It is safe for concurrent use.
type once struct {
	mu   sync.Mutex
	used map[string]struct{}
	ring [onceSize]string // used, in their order
	at   int
}

func newOnce() *once { return &once{used: map[string]struct{}{}} }

// token returns a new token for a form.
func (o *once) token() string { return rand.Text() }

// use reports whether the token was not used before. It need not be one of this
// process's: another may have served the form.
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
