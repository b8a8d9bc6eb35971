package admin

import (
	"net/http"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
)

// problem is an error of the API.
type problem struct {
	respond.Problem
	*report
}

// apiProblem answers with what is wrong.
func (s *site) apiProblem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	s.apiReport(w, r, status, detail, nil)
}

// apiReport answers with what is wrong, and with what was done all the same.
func (s *site) apiReport(w http.ResponseWriter, r *http.Request, status int, detail string, done *report) {
	if status == http.StatusServiceUnavailable {
		respond.RetryAfter(w, respond.StoreRetry)
	}
	s.json(w, r, status, respond.ProblemType, problem{respond.NewProblem(status, detail), done})
}

func (s *site) noAPI(w http.ResponseWriter, r *http.Request) {
	s.apiProblem(w, r, http.StatusNotFound, "There is nothing at this address.")
}

func (s *site) apiMethod(w http.ResponseWriter, r *http.Request) {
	s.apiProblem(w, r, http.StatusMethodNotAllowed, "This address has no method "+r.Method+".")
}

// json answers with value.
func (s *site) json(w http.ResponseWriter, r *http.Request, status int, contentType string, value any) {
	if err := respond.JSON(w, status, contentType, value); err != nil {
		s.log.Error("the answer failed", zap.Error(err), zap.String("request_id", respond.RequestID(r)))
		w.WriteHeader(http.StatusInternalServerError)
	}
}
