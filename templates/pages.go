// Package templates holds the HTML pages, embedded in the program and rendered
// through html/template, which escapes whatever is put in.
package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
)

//go:embed html/*.html
var files embed.FS

// Pages renders the pages. It is safe for concurrent use.
type Pages struct {
	home, problem, all *template.Template
	homePolicy         string
}

// Home is what the home page shows.
type Home struct {
	// Views is how often the page was viewed, this view included.
	Views int64
	// AtLeast says that more views may have been counted elsewhere.
	AtLeast bool
}

// Problem is what a page shows that cannot show what was asked for.
type Problem struct {
	// Title says what is wrong in a few words, Text in a sentence.
	Title, Text string
	// Detail is for developers. Empty, it is left out.
	Detail string
}

// New parses the pages, once for all renderings.
func New() (*Pages, error) {
	all, err := template.New("").Funcs(functions()).ParseFS(files, "html/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the templates: %w", err)
	}
	p := &Pages{home: all.Lookup("home.html"), problem: all.Lookup("problem.html"), all: all}
	home, err := p.Home(Home{})
	if err != nil {
		return nil, err
	}
	p.homePolicy = "default-src 'none'; script-src '" + scriptHash(home) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return p, nil
}

// scriptHash returns the hash of the page's script, which does not depend on what the page
// shows, as a Content-Security-Policy names it.
func scriptHash(page []byte) string {
	_, after, _ := bytes.Cut(page, []byte("<script>"))
	script, _, _ := bytes.Cut(after, []byte("</script>"))
	sum := sha256.Sum256(script)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// HomePolicy returns the Content-Security-Policy under which the home page works. It lets
// no script run but the page's own.
func (p *Pages) HomePolicy() string { return p.homePolicy }

// Home returns the home page as HTML in UTF-8.
func (p *Pages) Home(data Home) ([]byte, error) { return render(p.home, data) }

// Problem returns a page that says what is wrong, as HTML in UTF-8.
func (p *Pages) Problem(data Problem) ([]byte, error) { return render(p.problem, data) }

// render gives a page whole or not at all: a fault must not leave half a page
// with a visitor.
func render(page *template.Template, data any) ([]byte, error) {
	var html bytes.Buffer
	if err := page.Execute(&html, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", page.Name(), err)
	}
	return html.Bytes(), nil
}
