package web

import (
	"net/http"
	"time"

	"example.com/herokuapp/counter-core/counterhttp"
)

// Meter returns what is told of each answer of a route, or nil if nothing is. It is called once
// for each route, and once with the zero [Route] for requests that no route matches.
type Meter func(Route) Observer

// Observer is told of answers. It is safe for concurrent use.
type Observer interface {
	// Observe is told the status of an answer, or 0 if the handler gave the request up, how long
	// it took, and the answer's View-Status, which is empty if no view was asked for.
	Observe(status int, view counterhttp.Status, took time.Duration)
}

// measured tells the exchange who observes it. It costs no copy of the request and no memory.
type measured struct {
	next     http.Handler
	observer Observer
}

// ServeHTTP implements [http.Handler].
func (m *measured) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e, ok := w.(*exchange); ok {
		e.observer = m.observer
	}
	m.next.ServeHTTP(w, r)
}

// wrap returns the handler of a route, measured if somebody measures it.
func (m Meter) wrap(route Route, handler http.Handler) http.Handler {
	if m == nil {
		return handler
	}
	observer := m(route)
	if observer == nil {
		return handler
	}
	return &measured{handler, observer}
}
