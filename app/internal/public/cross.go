package public

import (
	_ "embed"
	"errors"
	"net/http"
	"net/url"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
)

// crossOrigin lets pages of other origins use next, without credentials: of any, or of
// the sites that are counted (the Fetch Standard, 3.3).
func (s *Surfaces) crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cross-Origin-Resource-Policy", "cross-origin")
		header.Set("Access-Control-Expose-Headers", counterhttp.StatusHeader)
		if s.sites.Any() {
			header.Set("Access-Control-Allow-Origin", "*")
		} else {
			header.Add("Vary", "Origin")
			if origin := r.Header.Get("Origin"); s.isSite(origin) {
				header.Set("Access-Control-Allow-Origin", origin)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// isSite reports whether an origin is of a site that is counted.
func (s *Surfaces) isSite(origin string) bool {
	address, err := url.Parse(origin)
	if err != nil || address.Host == "" {
		return false
	}
	page, err := counters.ParsePage(address.Host, nil)
	if err != nil {
		return false
	}
	_, ok := s.sites.Host(page.Host)
	return ok
}

// preflight answers what a browser asks before it sends a request with headers of its
// own.
func (s *Surfaces) preflight(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Content-Type")
	header.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// embed serves the script that counts the page it is on.
// A query is nothing to it: content management systems add one with a version.
func (s *Surfaces) embed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	respond.Write(w, http.StatusOK, "text/javascript; charset=utf-8", s.script)
}

func (s *Surfaces) json(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Cache-Control", "no-store")
	_ = respond.JSON(w, status, "application/json", value) // of plain fields: never fails
}

func badRequest(w http.ResponseWriter, err error) {
	respond.WriteProblem(w, http.StatusBadRequest, respond.Sentence(err))
}

func (s *Surfaces) refuseMethod(w http.ResponseWriter, r *http.Request) {
	respond.WriteProblem(w, http.StatusMethodNotAllowed, r.Method+" is not possible here; Allow says what is.")
}

// refuse answers a request whose number is not known, or that is not counted.
func (s *Surfaces) refuse(w http.ResponseWriter, r *http.Request, page string, err error) {
	switch {
	case errors.Is(err, errSite), errors.Is(err, counters.ErrQuota):
		respond.WriteProblem(w, http.StatusForbidden, respond.Sentence(err))
	case errors.Is(err, counter.ErrType), errors.Is(err, counter.ErrOverflow):
		s.logFault(r, page, err)
		respond.WriteProblem(w, http.StatusInternalServerError, "The counter is broken. The log of the server says more.")
	default:
		s.logFault(r, page, err)
		respond.RetryAfter(w, respond.StoreRetry)
		respond.WriteProblem(w, http.StatusServiceUnavailable, "The counter can't be reached at the moment.")
	}
}

//go:embed openapi.yaml
var description []byte

// describe serves the description of the API for programs.
func (s *Surfaces) describe(w http.ResponseWriter, _ *http.Request) {
	respond.Write(w, http.StatusOK, "application/yaml", description)
}
