package auth

import (
	"errors"
	"fmt"
	"mime"
	"net/http"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates"
)

// maxForm is more than the longest password needs when percent-encoded.
const maxForm = 4 << 10

// askPassword shows the form.
func (g *Gate) askPassword(w http.ResponseWriter, r *http.Request) {
	if g.inSession(r) {
		http.Redirect(w, r, Root, http.StatusSeeOther)
		return
	}
	g.showForm(w, r, http.StatusOK, "")
}

// takePassword begins a session for whoever sends the password.
func (g *Gate) takePassword(w http.ResponseWriter, r *http.Request) {
	password, status := readPassword(w, r)
	if status != http.StatusOK {
		g.showForm(w, r, status, "This request was not sent by the form. Please use the form.")
		return
	}
	ok, wait := g.attempt(r, password)
	switch {
	case wait > 0:
		text := fmt.Sprintf("There were too many attempts. Please try again in %s seconds.", respond.RetryAfter(w, wait))
		g.showForm(w, r, http.StatusTooManyRequests, text)
	case !ok:
		g.showForm(w, r, http.StatusForbidden, "This is not the password.")
	default:
		g.beginSession(w, r)
	}
}

// readPassword reads the form's only field, or returns the status to refuse the form with.
// It ignores the query of the address.
func readPassword(w http.ResponseWriter, r *http.Request) (password string, status int) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return "", http.StatusUnsupportedMediaType
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return "", http.StatusRequestEntityTooLarge
	}
	if passwords := r.PostForm["password"]; err == nil && len(passwords) == 1 {
		return passwords[0], http.StatusOK
	}
	return "", http.StatusBadRequest
}

func (g *Gate) beginSession(w http.ResponseWriter, r *http.Request) {
	secure := g.proxies.TLS(r)
	if err := g.sessions.begin(w, r, secure); err != nil {
		g.logLine(r, zap.ErrorLevel, "admin: a session could not be started", zap.Error(err))
		http.Error(w, "No session could be begun.", http.StatusInternalServerError)
		return
	}
	g.logLine(r, zap.InfoLevel, "admin: logged in")
	http.Redirect(w, r, Root, http.StatusSeeOther)
}

// endSession ends the session.
func (g *Gate) endSession(w http.ResponseWriter, r *http.Request) {
	secure := g.proxies.TLS(r)
	if g.sessions.end(r, secure) {
		g.logLine(r, zap.InfoLevel, "admin: logged out")
	}
	g.sessions.forget(w, secure)
	http.Redirect(w, r, LoginPath, http.StatusSeeOther)
}

// showForm answers with the form.
func (g *Gate) showForm(w http.ResponseWriter, r *http.Request, status int, message string) {
	html, err := g.form.AdminLogin(templates.AdminLogin{Message: message})
	if err != nil {
		g.logLine(r, zap.ErrorLevel, "admin: the login page failed", zap.Error(err))
		http.Error(w, "The login page failed.", http.StatusInternalServerError)
		return
	}
	respond.HTML(w, status, html)
}
