package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
)

const (
	// apiLimit is how many counters the API lists at once by default, and apiMaxLimit at most.
	apiLimit    = 100
	apiMaxLimit = 1000
	// bodySize is the size limit of a body that sets a value, in bytes.
	bodySize = 1 << 10
)

// apiCounters is one page of the list.
type apiCounters struct {
	Counters []counters.Counter `json:"counters"`
	Next     string             `json:"next"` // the value of "after" for the next page; empty on the last page
}

func (s *site) apiList(w http.ResponseWriter, r *http.Request) {
	values, err := respond.Query(r, "prefix", "after", "limit")
	if err != nil {
		apiProblem(w, http.StatusBadRequest, respond.Sentence(err))
		return
	}
	query := counters.Query{Prefix: values.Get("prefix"), After: counter.Entry{Name: values.Get("after")}, Limit: apiLimit}
	if values.Has("limit") {
		text := values.Get("limit")
		if query.Limit, err = strconv.Atoi(text); err != nil || query.Limit < 1 || query.Limit > apiMaxLimit {
			apiProblem(w, http.StatusBadRequest, fmt.Sprintf("limit is %.40q, not a number from 1 to %d.", text, apiMaxLimit))
			return
		}
	}
	if tooLong(query.Prefix) || tooLong(query.After.Name) {
		apiProblem(w, http.StatusBadRequest, fmt.Sprintf("prefix and after can have up to %d bytes of valid UTF-8.", counter.MaxNameLen))
		return
	}
	found, err := s.counters.List(context.WithoutCancel(r.Context()), query)
	if err != nil {
		apiProblem(w, statusOf(err), counters.Explain(err))
		return
	}
	answer := apiCounters{Counters: make([]counters.Counter, 0, len(found.Entries)), Next: found.Next().Name}
	for _, entry := range found.Entries {
		answer.Counters = append(answer.Counters, counters.Counter(entry))
	}
	s.json(w, r, http.StatusOK, "application/json", answer)
}

// apiName returns the name of the counter in the path, or answers with what is wrong with it.
func apiName(w http.ResponseWriter, r *http.Request) (name string, ok bool) {
	name, err := url.PathUnescape(r.PathValue("name"))
	if err == nil {
		_, err = respond.Query(r)
	}
	if err != nil {
		apiProblem(w, http.StatusBadRequest, respond.Sentence(err))
		return "", false
	}
	if err := counters.CheckName(name); err != nil {
		apiProblem(w, statusOf(err), counters.Explain(err))
		return "", false
	}
	return name, true
}

func (s *site) apiGet(w http.ResponseWriter, r *http.Request) {
	name, ok := apiName(w, r)
	if !ok {
		return
	}
	value, err := s.counters.Get(context.WithoutCancel(r.Context()), name)
	if err != nil {
		apiProblem(w, statusOf(err), counters.Explain(err))
		return
	}
	s.json(w, r, http.StatusOK, "application/json", counters.Counter{Name: name, Value: value})
}

// apiPut sets a counter to {"value": 41}.
func (s *site) apiPut(w http.ResponseWriter, r *http.Request) {
	name, ok := apiName(w, r)
	if !ok {
		return
	}
	if !hasType(r, "application/json") {
		apiProblem(w, http.StatusUnsupportedMediaType, "The Content-Type must be application/json.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodySize))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		apiProblem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("The body has more than %d bytes.", bodySize))
		return
	}
	if err != nil {
		apiProblem(w, http.StatusBadRequest, "The body did not arrive completely.")
		return
	}
	value, err := counters.ParseSetting(body)
	if err != nil {
		apiProblem(w, http.StatusBadRequest, `The body must be like {"value": 41}: `+err.Error()+".")
		return
	}
	s.apiSet(w, r, counters.Change{Action: counters.Set, Name: name, Value: value})
}

func (s *site) apiDelete(w http.ResponseWriter, r *http.Request) {
	if name, ok := apiName(w, r); ok {
		s.apiSet(w, r, counters.Change{Action: counters.Reset, Name: name})
	}
}

// apiSet sets a counter and answers with it.
func (s *site) apiSet(w http.ResponseWriter, r *http.Request, c counters.Change) {
	c.By, c.Request = "api", respond.RequestID(r)
	if err := s.counters.Do(context.WithoutCancel(r.Context()), c); err != nil {
		apiProblem(w, statusOf(err), counters.Explain(err))
		return
	}
	s.json(w, r, http.StatusOK, "application/json", counters.Counter{Name: c.Name, Value: c.Value})
}

func noAPI(w http.ResponseWriter, _ *http.Request) {
	apiProblem(w, http.StatusNotFound, "There is nothing at this address.")
}

func apiMethod(w http.ResponseWriter, r *http.Request) {
	apiProblem(w, http.StatusMethodNotAllowed, fmt.Sprintf("This address has no method %.40q.", r.Method))
}

// apiProblem answers with a problem.
func apiProblem(w http.ResponseWriter, status int, detail string) {
	if status == http.StatusServiceUnavailable {
		respond.RetryAfter(w, respond.StoreRetry)
	}
	respond.WriteProblem(w, status, detail)
}

// json answers with value as JSON.
func (s *site) json(w http.ResponseWriter, r *http.Request, status int, contentType string, value any) {
	if err := respond.JSON(w, status, contentType, value); err != nil {
		s.log.Error("the answer failed", zap.Error(err), zap.String("request_id", respond.RequestID(r)))
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// hasType reports whether the Content-Type is one of the types, in UTF-8.
func hasType(r *http.Request, types ...string) bool {
	got, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, got) {
		return false
	}
	charset, ok := parameters["charset"]
	return !ok || strings.EqualFold(charset, "utf-8")
}
