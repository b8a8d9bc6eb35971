package admin

import (
	"encoding/json"
	"net/http"

	"go.uber.org/zap"
)

// retryAfter is what a script is told to wait, in seconds, when the store is out.
const retryAfter = "5"

// problem is an error of the API, as RFC 9457 says.
type problem struct {
	Type   string `json:"type"` // about:blank: the status says what it is
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
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
	s.json(w, r, status, "application/problem+json", problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, report: done,
	})
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
	w.Header().Set("Content-Type", contentType)
	write(w, status, append(text, '\n'))
}
