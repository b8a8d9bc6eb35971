package respond

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Methods has the handlers of an address by method. The handler of GET also answers HEAD.
type Methods map[string]http.HandlerFunc

// Handler returns a handler for all the methods. For any other method it sets the header
// Allow and calls refuse.
func (m Methods) Handler(refuse http.HandlerFunc) http.Handler {
	handlers := maps.Clone(m)
	if get, ok := m[http.MethodGet]; ok {
		handlers[http.MethodHead] = get
	}
	allow := strings.Join(slices.Sorted(maps.Keys(handlers)), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler, ok := handlers[r.Method]; ok {
			handler(w, r)
			return
		}
		if allow != "" {
			w.Header().Set("Allow", allow)
		}
		refuse(w, r)
	})
}
