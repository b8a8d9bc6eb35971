package web

import (
	"context"
	"net/http"

	"example.com/herokuapp/app/internal/respond"
)

// health is the answer of /healthz and /readyz. Strangers can read it, so it does not say
// why the store does not answer, where it is or what endangers it: the log and the admin
// site do.
type health struct {
	Status   string `json:"status"`             // "ok" or "unavailable"
	Revision string `json:"revision,omitempty"` // of the program
}

// healthz says that the process serves. It does not look at the store, because restarting the
// process would not mend it.
func (s *site) healthz(w http.ResponseWriter, r *http.Request) {
	s.writeHealth(w, r, http.StatusOK, health{Status: "ok", Revision: s.revision})
}

// readyz says whether the store answers.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context()) // a client that has closed its side still waits for the answer
	if s.health.Ping(ctx) != nil {            // which logs why
		s.writeHealth(w, r, http.StatusServiceUnavailable, health{Status: "unavailable"})
		return
	}
	s.writeHealth(w, r, http.StatusOK, health{Status: "ok"})
}

func (s *site) writeHealth(w http.ResponseWriter, r *http.Request, status int, body health) {
	w.Header().Set("Cache-Control", "no-store")
	if err := respond.JSON(w, status, "application/json", body); err != nil {
		s.internalProblem(w, r, err)
	}
}
