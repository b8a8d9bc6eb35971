package templates

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"strconv"
)

// Home is what the home page shows.
type Home struct {
	// Views is how often the page was viewed, this view included.
	Views int64
	// AtLeast says that more views may have been counted elsewhere.
	AtLeast bool
	// Stats says that the page links to its stats page.
	Stats bool
}

// home is the home page without its number. Nothing else differs from view to view, so
// html/template renders the rest only once.
type home struct{ before, after []byte }

// cutHome renders the page with a number that is nowhere else in it, and takes that out.
func cutHome(page *template.Template, data Home) (home, error) {
	const number = math.MaxInt64
	data.Views = number
	html, err := render(page, data)
	if err != nil {
		return home{}, err
	}
	before, after, found := bytes.Cut(html, strconv.AppendInt(nil, number, 10))
	if !found || bytes.Contains(after, strconv.AppendInt(nil, number, 10)) {
		return home{}, fmt.Errorf("%s must show the number of views once", page.Name())
	}
	return home{before, after}, nil
}

// with returns the page with a number.
func (h home) with(number int64) []byte {
	const digits = len("-9223372036854775808")
	html := make([]byte, 0, len(h.before)+digits+len(h.after))
	html = append(html, h.before...)
	html = strconv.AppendInt(html, number, 10)
	return append(html, h.after...)
}

// Home returns the home page as HTML in UTF-8.
func (p *Pages) Home(data Home) []byte {
	views := data.Views
	data.Views = 0
	return p.homes[data].with(views)
}

// HomePolicy returns the Content-Security-Policy under which the home page works. It lets only
// the page's own script run.
func (p *Pages) HomePolicy() string { return p.homePolicy }

// scriptHash returns the hash of the page's script, which does not depend on what the page
// shows, as a Content-Security-Policy names it.
func scriptHash(page []byte) string {
	_, after, _ := bytes.Cut(page, []byte("<script>"))
	script, _, _ := bytes.Cut(after, []byte("</script>"))
	return hashOf(string(script))
}
