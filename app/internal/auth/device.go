package auth

import (
	"net/http"
	"time"
)

// deviceLife is how long a browser is known without a login.
const deviceLife = 365 * 24 * time.Hour

// devices knows the browsers that somebody has logged in with. To be known gives no
// access, but [throttle] counts a known one's attempts by themselves.
type devices struct{ cookies cookies }

func newDevices(key []byte) *devices {
	return &devices{newCookies(key, "admin-device", deviceLife)}
}

// of returns the browser's id, empty if it is not known.
func (d *devices) of(r *http.Request, secure bool) string {
	for _, token := range d.cookies.of(r, secure) {
		return token.ID
	}
	return ""
}

// remember makes the browser known.
func (d *devices) remember(w http.ResponseWriter, r *http.Request, secure bool) error {
	token := newToken()
	if id := d.of(r, secure); id != "" {
		token.ID = id
	}
	return d.cookies.set(w, secure, true, token)
}
