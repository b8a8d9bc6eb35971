// Package embed holds the scripts that count views of pages elsewhere.
package embed

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"regexp"
)

var (
	//go:embed embed.js
	source []byte
	//go:embed page.js
	page []byte
	//go:embed themes.js
	themes []byte
	//go:embed goatcounter.js
	goatcounter []byte
)

// notes matches the comments and the indentation of the sources, which visitors need not download.
// A comment is on its own line, or follows code and a space.
var notes = regexp.MustCompile(`(?m)^ *//.*\n|^\n|^ +| +//.*$`)

// Script returns the script that counts the page it is on, in UTF-8. keepQuery are the parameters
// that choose a page: addresses that differ in them are different pages.
func Script(keepQuery []string) []byte {
	names, _ := json.Marshal(append([]string{}, keepQuery...)) // of strings: never fails
	return bytes.Replace(notes.ReplaceAll(source, nil), []byte("[/*KEEP_QUERY*/]"), names, 1)
}

// Themes returns the script for pages whose theme has elements for the numbers of busuanzi,
// of soxft's busuanzi or of vercount, in UTF-8. It must be served at /js or below
// /busuanzi/, beside the API.
func Themes() []byte { return dropIn(`js(?:[?#:)\s]|$)|busuanzi\/`, themes) }

// Goatcounter returns the script for pages that use goatcounter, in UTF-8. It must be
// served at /count.js, beside the API.
func Goatcounter() []byte { return dropIn(`count\.js`, goatcounter) }

// dropIn returns a script that counts the page and stands in for another service's. address matches
// the part of the script's own address that follows the address of the counter.
func dropIn(address string, dress []byte) []byte {
	script := bytes.Replace(page, []byte("/*DRESS*/\n"), dress, 1)
	script = bytes.Replace(script, []byte("/*ADDRESS*/"), []byte(address), 1)
	// In a string, a backslash would mean something else.
	script = bytes.Replace(script, []byte("/*ADDRESS*/"), bytes.ReplaceAll([]byte(address), []byte(`\`), nil), 1)
	return notes.ReplaceAll(script, nil)
}
