package web

import (
	"context"
	"net/http"

	"example.com/herokuapp/app/internal/respond"
)

// health is the answer of /healthz and /readyz. Anybody can ask: why the store does not
// answer, where it is and what endangers it are for the log and the admin site.
type health struct {
	Status   string `json:"status"`             // "ok" or "unavailable"
	Revision string `json:"revision,omitempty"` // of the program
}

// healthz says that the process serves, whether or not its store does: to restart it would not
// mend the store.
func (s *site) healthz(w http.ResponseWriter, r *http.Request) {
	s.writeHealth(w, r, http.StatusOK, health{Status: "ok", Revision: s.revision})
}

// readyz says whether the store answers.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context()) // a client that closes its side after asking waits for the answer
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
