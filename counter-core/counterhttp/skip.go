package counterhttp

import (
	"net/http"
	"slices"
	"strings"

	counter "example.com/herokuapp/counter-core"
)

// skip returns why the request is not a view of what the name counts. Empty: it is one.
func (c *Counter) skip(r *http.Request, name string) Status {
	head := r.Method == http.MethodHead
	switch {
	case !head && !slices.Contains(c.opts.Methods, r.Method):
		return SkippedMethod
	case counter.CheckName(name) != nil: // which may be a visitor's doing, by a long path
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

// The functions below index headers by their canonical names, which saves making them
// canonical for each view.

// isPrefetch reports whether the browser loads the page for later. Sec-Purpose is the
// standard (Fetch, section "Sec-Purpose"), the others are what browsers sent before it.
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

// isEmbedded reports whether the browser says that it does not open the page, but loads it
// as a part of another, or for a script (W3C, "Fetch Metadata Request Headers"). Browsers
// that don't know Sec-Fetch-Dest yet may know Sec-Fetch-Mode, as Chrome 76 does.
func isEmbedded(header http.Header) bool {
	if dest, known := fetchMetadata(header["Sec-Fetch-Dest"], "document"); known {
		return !dest
	}
	mode, known := fetchMetadata(header["Sec-Fetch-Mode"], "navigate")
	return known && !mode
}

// fetchMetadata reports whether all values are the one wanted. It is not known if there is
// none, or if they are empty.
func fetchMetadata(values []string, want string) (all, known bool) {
	all = true
	for _, value := range values {
		value = strings.TrimSpace(value)
		known = known || value != ""
		all = all && (value == "" || strings.EqualFold(value, want))
	}
	return all, known
}

// isWebSocket reports whether the connection is to become a WebSocket (RFC 6455), which
// shows nothing by itself.
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
