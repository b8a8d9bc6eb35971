// Package embed holds the script that counts the views of pages elsewhere.
package embed

import (
	"bytes"
	_ "embed"
	"encoding/json"
)

//go:embed embed.js
var script []byte

// Script returns the script, in UTF-8. keepQuery are the parameters that choose a page:
// the script takes two addresses that differ in them for two pages.
func Script(keepQuery []string) []byte {
	if len(keepQuery) == 0 {
		return bytes.Clone(script)
	}
	names, _ := json.Marshal(keepQuery) // of strings: never fails
	return bytes.Replace(script, []byte("[/*KEEP_QUERY*/]"), names, 1)
}
