package main

import (
	"go/format"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/modfile"
)

// replace returns the text with the path from replaced by to, also where a longer path begins with
// it. It does not replace a part of a word, as in a.from or from-two, and changes only valid text.
func replace(text, from, to string) string {
	if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return text
	}
	var b strings.Builder
	done := 0
	for at := 0; ; {
		next := strings.Index(text[at:], from)
		if next < 0 {
			b.WriteString(text[done:])
			return b.String()
		}
		start := at + next
		at = start + len(from)
		if start > 0 && inElement(text[start-1]) || at < len(text) && text[at] != '.' && inElement(text[at]) {
			continue
		}
		b.WriteString(text[done:start])
		b.WriteString(to)
		done = at
	}
}

// inElement reports whether the byte may be part of an element of a module's path. A dot may be,
// but after a path it usually ends a sentence or begins .git.
func inElement(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// layout returns the text of the file with its lines sorted and aligned as the go command does it.
func layout(name, text string) (string, error) {
	switch {
	case path.Base(name) == "go.mod":
		file, err := modfile.Parse(name, []byte(text), nil)
		if err != nil {
			return "", err
		}
		file.SortBlocks()
		laid, err := file.Format()
		return string(laid), err
	case path.Ext(name) == ".go":
		laid, err := format.Source([]byte(text))
		return string(laid), err
	}
	return text, nil
}
