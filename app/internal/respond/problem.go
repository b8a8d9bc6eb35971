package respond

import "net/http"

// Problem says what is wrong, for programs, as RFC 9457 defines it.
type Problem struct {
	Type   string `json:"type"` // about:blank: the status says it all
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// ProblemType is the Content-Type of a [Problem].
const ProblemType = "application/problem+json"

// NewProblem returns the problem of a status, with its detail.
func NewProblem(status int, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// WriteProblem answers with the problem of a status, as JSON.
func WriteProblem(w http.ResponseWriter, status int, detail string) {
	_ = JSON(w, status, ProblemType, NewProblem(status, detail)) // a Problem can always be encoded
}
