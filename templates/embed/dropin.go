package embed

import (
	"bytes"
	_ "embed"
)

var (
	//go:embed page.js
	page []byte
	//go:embed themes.js
	themes []byte
	//go:embed goatcounter.js
	goatcounter []byte
)

// Themes returns the script for pages whose theme has elements for the numbers of busuanzi,
// of soxft's busuanzi or of vercount, in UTF-8. It has to be served at /js or below
// /busuanzi/, beside the API.
func Themes() []byte { return dropIn(`js(?:[?#:)\s]|$)|busuanzi\/`, themes) }

// Goatcounter returns the script for pages that use goatcounter, in UTF-8. It has to be
// served at /count.js, beside the API.
func Goatcounter() []byte { return dropIn(`count\.js`, goatcounter) }

// dropIn returns a script that counts the page, and is dressed as another. address matches
// what of its own address follows that of the counter.
func dropIn(address string, dress []byte) []byte {
	script := bytes.Replace(page, []byte("/*DRESS*/\n"), dress, 1)
	script = bytes.Replace(script, []byte("/*ADDRESS*/"), []byte(address), 1)
	// In a text, a backslash would stand for something else.
	script = bytes.Replace(script, []byte("/*ADDRESS*/"), bytes.ReplaceAll([]byte(address), []byte(`\`), nil), 1)
	return notes.ReplaceAll(script, nil)
}
