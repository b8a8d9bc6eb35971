package web

import (
	"net/http"

	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates"
)

// home shows how often it was viewed. Content-Type and Content-Length are net/http's: it
// knows them without an entry in the map of headers, which is a single small block of
// memory up to eight entries, and several from the ninth on.
func (s *site) home(w http.ResponseWriter, _ *http.Request, view counterhttp.View) {
	_, _ = w.Write(s.pages.Home(templates.Home{Views: view.Number, AtLeast: view.AtLeast, Stats: s.stats})) // the visitor may have left
}

func noIcon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.WriteHeader(http.StatusNoContent)
}
