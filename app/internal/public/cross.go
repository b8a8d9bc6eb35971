package public

import (
	_ "embed"
	"errors"
	"net/http"
	"net/url"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
)

// crossOriginHeader lets pages of other origins use an address, without credentials (Fetch
// Standard, section 3.3).
func (s *Surfaces) crossOriginHeader() http.Header {
	header := respond.DataHeader()
	header.Set("Access-Control-Expose-Headers", counterhttp.StatusHeader)
	if s.sites.Any() {
		header.Set("Access-Control-Allow-Origin", "*")
	} else {
		header.Set("Vary", "Origin")
	}
	return header
}

// crossOrigin allows the origins of the sites that are counted, if not every origin is.
func (s *Surfaces) crossOrigin(next http.Handler) http.Handler {
	if s.sites.Any() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); s.isSite(origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
		next.ServeHTTP(w, r)
	})
}

// isSite reports whether an origin belongs to a site that is counted.
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

// preflight answers the request that a browser sends before a request with special headers.
func (s *Surfaces) preflight(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Content-Type")
	header.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// embed serves the script that counts the page it is on. It ignores the query, because
// content management systems add one with a version.
func (s *Surfaces) embed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // pages load it without CORS
	respond.Write(w, http.StatusOK, "text/javascript; charset=utf-8", s.script)
}

func (s *Surfaces) json(w http.ResponseWriter, value any) {
	w.Header()["Cache-Control"] = s.noStore
	_ = respond.JSON(w, http.StatusOK, "application/json", value) // plain fields can always be encoded
}

func badRequest(w http.ResponseWriter, err error) {
	respond.WriteProblem(w, http.StatusBadRequest, respond.Sentence(err))
}

// nothingHere answers for addresses below that of the API, whose clients expect problems.
func nothingHere(w http.ResponseWriter, _ *http.Request) {
	respond.WriteProblem(w, http.StatusNotFound, "There is nothing at this address; /api/openapi.yaml describes the API.")
}

func (s *Surfaces) refuseMethod(w http.ResponseWriter, r *http.Request) {
	respond.WriteProblem(w, http.StatusMethodNotAllowed, r.Method+" is not allowed here; see the header Allow.")
}

// refuse answers a request that is not counted or whose number is not known.
func (s *Surfaces) refuse(w http.ResponseWriter, r *http.Request, page string, err error) {
	status, text := s.explain(r, page, err)
	if status == http.StatusServiceUnavailable {
		respond.RetryAfter(w, respond.StoreRetry)
	}
	respond.WriteProblem(w, status, text)
}

// explain returns the status and a sentence for an error. An error of the store is logged, not
// shown.
func (s *Surfaces) explain(r *http.Request, page string, err error) (status int, text string) {
	_, badRange := errors.AsType[counters.RangeError](err)
	_, badRequest := errors.AsType[requestError](err)
	switch {
	case badRange, badRequest, errors.Is(err, counters.ErrAddress):
		return http.StatusBadRequest, respond.Sentence(err)
	case errors.Is(err, pageviews.ErrSite), errors.Is(err, counters.ErrQuota), errors.Is(err, errStatsOwner):
		return http.StatusForbidden, respond.Sentence(err)
	case errors.Is(err, counters.ErrNoHistory), errors.Is(err, errStatsOff):
		return http.StatusNotFound, respond.Sentence(err)
	case errors.Is(err, counter.ErrType), errors.Is(err, counter.ErrOverflow):
		s.views.LogFault(r, page, err)
		return http.StatusInternalServerError, "The counter is broken. The log of the server says more."
	default:
		s.views.LogFault(r, page, err)
		return http.StatusServiceUnavailable, "The counter can't be reached at the moment."
	}
}

//go:embed openapi.yaml
var description []byte

// describe serves the OpenAPI description of the API.
func (s *Surfaces) describe(w http.ResponseWriter, _ *http.Request) {
	respond.Write(w, http.StatusOK, "application/yaml", description)
}
