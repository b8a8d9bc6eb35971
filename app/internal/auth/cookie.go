package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"
)

// signingKey depends on the key and on the password: what was signed ends when
// either changes.
func signingKey(secret, password string) []byte {
	digest := sha256.Sum256([]byte(password))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("admin cookies\x00"))
	mac.Write(digest[:])
	return mac.Sum(nil)
}

// token is what a cookie holds.
type token struct {
	ID     string    `json:"id"`
	Issued time.Time `json:"issued"`
}

func newToken() token { return token{ID: rand.Text(), Issued: time.Now()} }

// cookies are signed ones of one name. The signature covers the name, too: a
// cookie that came without TLS is none with it.
type cookies struct {
	name  string
	life  time.Duration
	codec *securecookie.SecureCookie
}

func newCookies(key []byte, name string, life time.Duration) cookies {
	codec := securecookie.New(key, nil).MaxAge(int(life.Seconds())).SetSerializer(securecookie.JSONEncoder{})
	return cookies{name: name, life: life, codec: codec}
}

// of returns what the valid cookies of a request hold.
func (c cookies) of(r *http.Request, secure bool) []token {
	var tokens []token
	name := c.template(secure).Name
	for _, cookie := range r.CookiesNamed(name) {
		var token token
		if c.codec.Decode(name, cookie.Value, &token) == nil {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// set signs the token. The browser keeps it for the life of the cookies if kept,
// else until it is closed.
func (c cookies) set(w http.ResponseWriter, secure, kept bool, token token) error {
	cookie := c.template(secure) //nolint:gosec // which sets what gosec misses here
	value, err := c.codec.Encode(cookie.Name, token)
	if err != nil {
		return err
	}
	cookie.Value = value
	if kept {
		cookie.MaxAge = int(c.life.Seconds())
	}
	http.SetCookie(w, cookie)
	return nil
}

// remove has the browser forget the cookie.
func (c cookies) remove(w http.ResponseWriter, secure bool) {
	cookie := c.template(secure) //nolint:gosec // which sets what gosec misses here
	cookie.MaxAge = -1
	http.SetCookie(w, cookie)
}

// template is the cookie without a value. With TLS it can't come from another host
// or from an eavesdropper, which is what its prefix has the browser see to.
func (c cookies) template(secure bool) *http.Cookie {
	cookie := &http.Cookie{Name: c.name, Path: Root, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if secure {
		cookie.Name, cookie.Path, cookie.Secure = "__Host-"+c.name, "/", true
	}
	return cookie
}
