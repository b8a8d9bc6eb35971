package web

import (
	"net/http"
	"strings"
)

// viewStatus is the header that says whether an answer counted a view, and if
// not, why.
const viewStatus = "View-Status"

// The values of [viewStatus].
const (
	viewCounted  = "counted"
	viewHead     = "skipped;reason=head"
	viewPrefetch = "skipped;reason=prefetch"
	viewFailed   = "skipped;reason=error"
	viewPending  = "pending" // kept: it will be counted when the store answers
	viewUnknown  = "unknown" // the store was asked to count, and did not answer
)

// isPrefetch tells whether the browser loads the page for later, and maybe for
// nothing. Sec-Purpose is the standard (Fetch, section "Sec-Purpose"), the
// others are what browsers sent before it.
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
