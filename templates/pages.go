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
	problem, all *template.Template
	homes        map[Home]home // by what they show besides the number, which is 0
	homePolicy   string
}

// Problem is what a page shows if it can't show what was asked for.
type Problem struct {
	// Title says what is wrong in a few words, Text in a sentence.
	Title, Text string
	// Detail is for developers. It is left out if it is empty.
	Detail string
}

// New parses the pages, once for all renderings.
func New() (*Pages, error) {
	all, err := template.New("").Funcs(functions()).ParseFS(files, "html/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the templates: %w", err)
	}
	p := &Pages{problem: all.Lookup("problem.html"), all: all, homes: map[Home]home{}}
	for _, data := range []Home{{}, {AtLeast: true}, {Stats: true}, {AtLeast: true, Stats: true}} {
		if p.homes[data], err = cutHome(all.Lookup("home.html"), data); err != nil {
			return nil, err
		}
	}
	p.homePolicy = "default-src 'none'; script-src '" + scriptHash(p.Home(Home{})) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return p, nil
}

// Problem returns a page that says what is wrong, as HTML in UTF-8.
func (p *Pages) Problem(data Problem) ([]byte, error) { return render(p.problem, data) }

// render returns a whole page or none: after a fault, no visitor must be left with half a page.
func render(page *template.Template, data any) ([]byte, error) {
	var html bytes.Buffer
	if err := page.Execute(&html, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", page.Name(), err)
	}
	return html.Bytes(), nil
}
