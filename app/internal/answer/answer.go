// Package answer writes whole answers to HTTP requests.
package answer

import (
	"net/http"
	"strconv"
)

// Write answers with the body. That it does not arrive is the client's news, not ours.
func Write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// HTML answers with a page in UTF-8.
func HTML(w http.ResponseWriter, status int, page []byte) {
	Write(w, status, "text/html; charset=utf-8", page)
}

// Problem is what is wrong, for programs, as RFC 9457 says.
type Problem struct {
	Type   string `json:"type"` // about:blank: the status says what it is
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// ProblemType is the Content-Type of a [Problem] in JSON.
const ProblemType = "application/problem+json"

// NewProblem returns the problem that the status says, with its detail.
func NewProblem(status int, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}
