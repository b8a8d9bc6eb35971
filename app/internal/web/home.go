package web

import (
	"net/http"

	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates"
)

// home shows how often it was viewed.
func (s *site) home(w http.ResponseWriter, r *http.Request, view counterhttp.View) {
	html, err := s.pages.Home(templates.Home{Views: view.Number, AtLeast: view.AtLeast})
	if err != nil {
		s.internalProblem(w, r, err)
		return
	}
	respond.HTML(w, http.StatusOK, html)
}

func noIcon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.WriteHeader(http.StatusNoContent)
}
