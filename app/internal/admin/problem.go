package admin

import (
	"encoding/json"
	"net/http"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/answer"
)

// retryAfter is what a script is told to wait, in seconds, when the store is out.
const retryAfter = "5"

// problem is an error of the API.
type problem struct {
	answer.Problem
	*report
}

// apiProblem answers with what is wrong.
func (s *site) apiProblem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	s.apiReport(w, r, status, detail, nil)
}

// apiReport answers with what is wrong, and with what was done all the same.
func (s *site) apiReport(w http.ResponseWriter, r *http.Request, status int, detail string, done *report) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	s.json(w, r, status, answer.ProblemType, problem{answer.NewProblem(status, detail), done})
}

func (s *site) noAPI(w http.ResponseWriter, r *http.Request) {
	s.apiProblem(w, r, http.StatusNotFound, "There is nothing at this address.")
}

func (s *site) apiMethod(w http.ResponseWriter, r *http.Request) {
	s.apiProblem(w, r, http.StatusMethodNotAllowed, "This address has no method "+r.Method+".")
}

// json answers with value.
func (s *site) json(w http.ResponseWriter, r *http.Request, status int, contentType string, value any) {
	text, err := json.Marshal(value)
	if err != nil { // no value we have
		s.log.Error("the answer failed", zap.Error(err), zap.String("request_id", requestID(r)))
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	answer.Write(w, status, contentType, append(text, '\n'))
}
