package web

import "strings"

// traceparent returns what the W3C's Trace Context calls traceparent, the id of the trace that
// a request belongs to, if the request has one that is valid. Of a version that is newer than
// this program it is the part that all versions have in common. It is at most 55 bytes long.
func traceparent(values []string) string {
	const (
		length  = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		trace   = len("00-")
		parent  = trace + 32 + 1
		flags   = parent + 16 + 1
		noTrace = "00000000000000000000000000000000"
	)
	if len(values) != 1 || len(values[0]) < length {
		return ""
	}
	text, rest := values[0][:length], values[0][length:]
	version := text[:trace-1]
	switch {
	case text[trace-1] != '-', text[parent-1] != '-', text[flags-1] != '-':
	case !isHex(version), !isHex(text[trace : parent-1]), !isHex(text[parent : flags-1]), !isHex(text[flags:]):
	case version == "ff", version == "00" && rest != "", rest != "" && !strings.HasPrefix(rest, "-"):
	case text[trace:parent-1] == noTrace, text[parent:flags-1] == noTrace[:16]:
	default:
		return text
	}
	return ""
}

// isHex reports whether the text has only digits and the letters a to f.
func isHex(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
