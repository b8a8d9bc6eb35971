package auth

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// methods serves each method by its handler, and tells others which are allowed.
func methods(handlers map[string]http.HandlerFunc) http.Handler {
	allowed := strings.Join(slices.Sorted(maps.Keys(handlers)), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler, ok := handlers[r.Method]; ok {
			handler(w, r)
			return
		}
		w.Header().Set("Allow", allowed)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	})
}
