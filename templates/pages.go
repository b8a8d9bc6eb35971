// Package templates holds the HTML pages, embedded in the program and rendered
// through html/template, which escapes whatever is put in.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
)

//go:embed html/*.html
var files embed.FS

// Pages renders the pages. It is safe for concurrent use.
type Pages struct {
	home, problem, all *template.Template
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
	return &Pages{home: all.Lookup("home.html"), problem: all.Lookup("problem.html"), all: all}, nil
}

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
