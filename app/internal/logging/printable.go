package logging

import (
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printable returns text with an escape for each character that a terminal would obey or not
// show, such as a control character, a change of direction or a line separator. In JSON, such
// an escape means the character. Line feeds and tabs stay. It copies only what it changes.
func printable(text []byte) []byte {
	plain := 0
	for plain < len(text) && isPlain(text[plain]) {
		plain++
	}
	if plain == len(text) {
		return text
	}
	escaped := append(make([]byte, 0, len(text)+64), text[:plain]...)
	for rest := text[plain:]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case size == 1 && isPlain(rest[0]) || r != utf8.RuneError && unicode.IsPrint(r):
			escaped = append(escaped, rest[:size]...)
		case r > maxUnit:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
		rest = rest[size:]
	}
	return escaped
}

// isPlain reports whether the byte is a character that [printable] leaves as it is.
func isPlain(c byte) bool { return ' ' <= c && c < 0x7f || c == '\n' || c == '\t' }

// maxUnit is the largest character that JSON escapes as one unit of UTF-16.
const maxUnit = '\uffff'

// escapedSize returns how many bytes a line takes for a character of size bytes.
func escapedSize(r rune, size int) int {
	const unit = len(`\u0000`)
	switch {
	case r == '\n', r == '\r', r == '\t', r == '"', r == '\\':
		return len(`\n`)
	case r > maxUnit && !unicode.IsPrint(r):
		return 2 * unit
	case r == utf8.RuneError, !unicode.IsPrint(r):
		return unit
	default:
		return size
	}
}
