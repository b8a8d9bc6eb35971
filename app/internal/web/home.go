package web

import (
	"net/http"

	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates"
)

// home shows how often it was viewed.
func (s *site) home(w http.ResponseWriter, _ *http.Request, view counterhttp.View) {
	respond.HTML(w, http.StatusOK, s.pages.Home(templates.Home{Views: view.Number, AtLeast: view.AtLeast}))
}

func noIcon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.WriteHeader(http.StatusNoContent)
}
