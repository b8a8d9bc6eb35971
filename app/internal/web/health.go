package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"example.com/herokuapp/app/internal/answer"
	counter "example.com/herokuapp/counter-core"
)

// pingTimeout bounds how long /readyz waits for the store.
const pingTimeout = 2 * time.Second

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
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	if pinger, ok := counter.As[counter.Pinger](s.store); ok {
		if err := pinger.Ping(ctx); err != nil {
			s.writeHealth(w, r, http.StatusServiceUnavailable, health{Status: "unavailable", Error: err.Error()})
			return
		}
	}
	s.writeHealth(w, r, http.StatusOK, health{Status: "ok", Warnings: s.watch.Warnings()})
}

func (s *site) writeHealth(w http.ResponseWriter, r *http.Request, status int, body health) {
	text, err := json.Marshal(body)
	if err != nil {
		s.internalProblem(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	answer.Write(w, status, "application/json", append(text, '\n'))
}
