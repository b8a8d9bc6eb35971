package templates

import "html"

// AdminLogin is what the login page shows.
type AdminLogin struct{ Message string }

// AdminLogin is the page to log in.
func (p *Pages) AdminLogin(data AdminLogin) ([]byte, error) {
	return []byte(`<form method="post" action="/admin/login"><p>` + html.EscapeString(data.Message) + `</p><input name="password" type="password"></form>`), nil
}
