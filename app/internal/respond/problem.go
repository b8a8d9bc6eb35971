package respond

import "net/http"

// Problem is a machine-readable error as RFC 9457 defines it.
type Problem struct {
	Type   string `json:"type"` // about:blank if the status says everything
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// ProblemType is the Content-Type of a [Problem].
const ProblemType = "application/problem+json"

// NewProblem returns the problem with the status and the detail.
func NewProblem(status int, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// WriteProblem answers with the status and a [Problem] as JSON. detail is a sentence for
// people.
func WriteProblem(w http.ResponseWriter, status int, detail string) {
	_ = JSON(w, status, ProblemType, NewProblem(status, detail)) // a Problem can always be encoded
}
