package web

import (
	"errors"
	"net/http"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusNotFound, "There is no page at this address.", nil)
}

func (s *site) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusMethodNotAllowed, "This address can only be read.", nil)
}

// storeProblem answers a visitor when the store returns an error.
func (s *site) storeProblem(w http.ResponseWriter, r *http.Request, err error) {
	pending := errors.Is(err, counter.ErrPending)
	if !pending {
		s.log.Error("the number of the page is not known", zap.Error(err), requestIDField(r))
	}
	if errors.Is(err, counter.ErrType) || errors.Is(err, counter.ErrOverflow) {
		s.problem(w, r, http.StatusInternalServerError, "The counter of this page is broken.", err)
		return
	}
	respond.RetryAfter(w, respond.StoreRetry)
	text := "The counter of this page can't be reached. Please try again in a moment."
	if pending {
		text = "The counter of this page can't be reached at the moment. Your view will be counted."
	}
	s.problem(w, r, http.StatusServiceUnavailable, text, err)
}

// internalProblem answers a request that the program failed to serve.
func (s *site) internalProblem(w http.ResponseWriter, r *http.Request, err error, fields ...zap.Field) {
	s.log.Error("the request failed", append(fields, zap.Error(err), requestIDField(r))...)
	s.problem(w, r, http.StatusInternalServerError, "Something went wrong on our side.", err)
}

// problem answers with a page that says what is wrong. The cause is only shown with DEBUG.
func (s *site) problem(w http.ResponseWriter, r *http.Request, status int, text string, cause error) {
	data := templates.Problem{Title: http.StatusText(status), Text: text}
	if s.debug && cause != nil {
		data.Detail = cause.Error()
	}
	html, err := s.pages.Problem(data)
	if err != nil {
		s.log.Error("the problem page failed", zap.Error(err), requestIDField(r))
		html = []byte(text)
	}
	w.Header().Set("Cache-Control", "no-store")
	respond.HTML(w, status, html)
}
