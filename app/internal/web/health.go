package web

import (
	"net/http"

	"example.com/herokuapp/app/internal/respond"
)

// health is the answer of /healthz and /readyz.
type health struct {
	Status   string   `json:"status"`             // "ok" or "unavailable"
	Error    string   `json:"error,omitempty"`    // what is wrong
	Warnings []string `json:"warnings,omitempty"` // what endangers the counts
	Revision string   `json:"revision,omitempty"` // of the program
}

// healthz says that the process serves, whatever its store does: to restart it
// would not mend the store.
func (s *site) healthz(w http.ResponseWriter, r *http.Request) {
	s.writeHealth(w, r, http.StatusOK, health{Status: "ok", Revision: s.revision})
}

// readyz says whether the store answers, and what endangers the counts in it, which
// is no reason to take the program out of rotation.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) {
	if err := s.health.Ping(r.Context()); err != nil {
		s.writeHealth(w, r, http.StatusServiceUnavailable, health{Status: "unavailable", Error: err.Error()})
		return
	}
	s.writeHealth(w, r, http.StatusOK, health{Status: "ok", Warnings: s.health.Warnings()})
}

func (s *site) writeHealth(w http.ResponseWriter, r *http.Request, status int, body health) {
	w.Header().Set("Cache-Control", "no-store")
	if err := respond.JSON(w, status, "application/json", body); err != nil {
		s.internalProblem(w, r, err)
	}
}
