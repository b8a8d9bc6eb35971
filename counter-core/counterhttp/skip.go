package counterhttp

import (
	"net/http"
	"slices"
	"strings"

	counter "example.com/herokuapp/counter-core"
)

// skip returns why the request is not a view of the named counter, or "" if it is one.
func (c *Counter) skip(r *http.Request, name string) Status {
	head := r.Method == http.MethodHead
	switch {
	case !head && !slices.Contains(c.opts.Methods, r.Method):
		return SkippedMethod
	case counter.CheckName(name) != nil: // a visitor can cause this with a long path
		return SkippedName
	case isPrefetch(r.Header):
		return SkippedPrefetch
	case head:
		return SkippedHead
	case isWebSocket(r.Header), !c.opts.Embedded && isEmbedded(r.Header):
		return SkippedEmbedded
	case c.opts.Bot(r.UserAgent()):
		return SkippedBot
	default:
		return ""
	}
}

// The functions below index headers by their canonical names, which saves canonicalising
// them for each view.

// isPrefetch reports whether the browser loads the page in advance. Sec-Purpose is the
// standard (Fetch, section "Sec-Purpose"); browsers sent the others before it.
func isPrefetch(header http.Header) bool {
	for _, name := range [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, value := range header[name] {
			value = strings.ToLower(value)
			for _, purpose := range [...]string{"prefetch", "prerender", "preview"} {
				if strings.Contains(value, purpose) {
					return true
				}
			}
		}
	}
	return false
}

// isEmbedded reports whether the browser loads the page as a part of another page or for a
// script (W3C, "Fetch Metadata Request Headers"). Some browsers that don't send
// Sec-Fetch-Dest send Sec-Fetch-Mode, such as Chrome 76.
func isEmbedded(header http.Header) bool {
	if dest, known := fetchMetadata(header["Sec-Fetch-Dest"], "document"); known {
		return !dest
	}
	mode, known := fetchMetadata(header["Sec-Fetch-Mode"], "navigate")
	return known && !mode
}

// fetchMetadata reports whether all values equal want. known is false if there is no value,
// or if all are empty.
func fetchMetadata(values []string, want string) (all, known bool) {
	all = true
	for _, value := range values {
		value = strings.TrimSpace(value)
		known = known || value != ""
		all = all && (value == "" || strings.EqualFold(value, want))
	}
	return all, known
}

// isWebSocket reports whether the request opens a WebSocket (RFC 6455), which shows nobody
// a page.
func isWebSocket(header http.Header) bool {
	for _, name := range [...]string{"Upgrade", "Sec-Fetch-Dest", "Sec-Fetch-Mode"} {
		for _, value := range header[name] {
			if strings.Contains(strings.ToLower(value), "websocket") {
				return true
			}
		}
	}
	return false
}
