package counterhttp

import (
	"net/http"
	"strings"
)

// isPrefetch tells whether the browser loads the page for later. Sec-Purpose is
// the standard (Fetch, section "Sec-Purpose"), the others are what browsers sent
// before it.
func isPrefetch(header http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, value := range header.Values(name) {
			value = strings.ToLower(value)
			for _, purpose := range []string{"prefetch", "prerender", "preview"} {
				if strings.Contains(value, purpose) {
					return true
				}
			}
		}
	}
	return false
}
