// Package embed holds the script that counts the views of pages elsewhere.
package embed

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"regexp"
)

//go:embed embed.js
var source []byte

// notes are the comments of the source and its indentation, which readers need not
// download. A comment stands on its own line or behind code and a space.
var notes = regexp.MustCompile(`(?m)^ *//.*\n|^\n|^ +| +//.*$`)

// Script returns the script, in UTF-8. keepQuery are the parameters that choose a page:
// the script takes two addresses that differ in them for two pages.
func Script(keepQuery []string) []byte {
	names, _ := json.Marshal(append([]string{}, keepQuery...)) // of strings: never fails
	return bytes.Replace(notes.ReplaceAll(source, nil), []byte("[/*KEEP_QUERY*/]"), names, 1)
}
