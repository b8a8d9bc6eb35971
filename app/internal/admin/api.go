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

	"github.com/gorilla/mux"
	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

const (
	// apiLimit is how many counters the API lists at once if not told, and apiMaxLimit at most.
	apiLimit    = 100
	apiMaxLimit = 1000
	// bodySize is how many bytes a body that sets a value has at most.
	bodySize = 1 << 10
)

// apiCounter is a counter in the API, and in an export as JSON lines.
type apiCounter struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// apiCounters is a page of the list.
type apiCounters struct {
	Counters []apiCounter `json:"counters"`
	Next     string       `json:"next"` // the after of the next page, empty on the last
}

func (s *site) apiList(w http.ResponseWriter, r *http.Request) {
	query, err := readQuery(r, "prefix", "after", "limit")
	if err != nil {
		s.apiProblem(w, r, http.StatusBadRequest, err.Error()+".")
		return
	}
	limit := apiLimit
	if text, ok := query["limit"]; ok {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > apiMaxLimit {
			s.apiProblem(w, r, http.StatusBadRequest, fmt.Sprintf("limit is %.40q, and not a number from 1 to %d.", text, apiMaxLimit))
			return
		}
	}
	if tooLong(query["prefix"]) || tooLong(query["after"]) {
		s.apiProblem(w, r, http.StatusBadRequest, fmt.Sprintf("prefix and after have at most %d bytes of valid UTF-8.", counter.MaxNameLen))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), listTimeout)
	defer cancel()
	p, err := list(ctx, s.store, query["prefix"], query["after"], limit)
	if err != nil {
		s.log.Error("the counters can't be listed", zap.Error(err), zap.String("request_id", requestID(r)))
		s.apiStoreProblem(w, r, err)
		return
	}
	answer := apiCounters{Counters: make([]apiCounter, 0, len(p.entries)), Next: p.next()}
	for _, entry := range p.entries {
		answer.Counters = append(answer.Counters, apiCounter(entry))
	}
	s.json(w, r, http.StatusOK, "application/json", answer)
}

// readQuery returns the parameters of a request, of which there are none but
// those named, each once.
func readQuery(r *http.Request, names ...string) (map[string]string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query can't be read")
	}
	query := map[string]string{}
	for name, all := range values {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("there is no parameter %.40q", name)
		}
		if len(all) > 1 {
			return nil, fmt.Errorf("the parameter %s is there twice", name)
		}
		query[name] = all[0]
	}
	return query, nil
}

// apiName returns the name in the path, or answers why it is none.
func (s *site) apiName(w http.ResponseWriter, r *http.Request) (name string, ok bool) {
	name, err := url.PathUnescape(mux.Vars(r)["name"])
	if err == nil {
		err = checkName(name)
	}
	if err == nil {
		_, err = readQuery(r)
	}
	switch {
	case err == nil:
		return name, true
	case errors.Is(err, errForeign):
		_, text := explain(err)
		s.apiProblem(w, r, http.StatusNotFound, text)
	case errors.Is(err, counter.ErrName):
		_, text := explain(err)
		s.apiProblem(w, r, http.StatusBadRequest, text)
	default:
		s.apiProblem(w, r, http.StatusBadRequest, err.Error()+".")
	}
	return "", false
}

func (s *site) apiGet(w http.ResponseWriter, r *http.Request) {
	name, ok := s.apiName(w, r)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	value, err := s.store.Get(ctx, name)
	if err != nil {
		s.apiStoreProblem(w, r, err)
		return
	}
	s.json(w, r, http.StatusOK, "application/json", apiCounter{name, value})
}

// apiPut sets a counter to {"value": 41}.
func (s *site) apiPut(w http.ResponseWriter, r *http.Request) {
	name, ok := s.apiName(w, r)
	if !ok {
		return
	}
	if !hasType(r, "application/json") {
		s.apiProblem(w, r, http.StatusUnsupportedMediaType, "The Content-Type has to be application/json.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodySize))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		s.apiProblem(w, r, http.StatusRequestEntityTooLarge, fmt.Sprintf("The body has more than %d bytes.", bodySize))
		return
	}
	if err != nil {
		s.apiProblem(w, r, http.StatusBadRequest, "The body did not arrive.")
		return
	}
	value, err := readValue(body)
	if err != nil {
		s.apiProblem(w, r, http.StatusBadRequest, `The body has to be as {"value": 41}: `+err.Error()+".")
		return
	}
	s.apiSet(w, r, change{action: actionSet, name: name, value: value})
}

// readValue reads {"value": 41}.
func readValue(body []byte) (int64, error) {
	object, err := readObject(body, "value")
	if err != nil {
		return 0, err
	}
	number, err := numberMember(object, "value")
	if err != nil {
		return 0, err
	}
	return parseValue(number)
}

func (s *site) apiDelete(w http.ResponseWriter, r *http.Request) {
	if name, ok := s.apiName(w, r); ok {
		s.apiSet(w, r, change{action: actionReset, name: name})
	}
}

// apiSet answers with the counter as it was set.
func (s *site) apiSet(w http.ResponseWriter, r *http.Request, c change) {
	c.by, c.request = "api", requestID(r)
	if err := s.set(r.Context(), c); err != nil {
		s.apiStoreProblem(w, r, err)
		return
	}
	s.json(w, r, http.StatusOK, "application/json", apiCounter{c.name, c.value})
}

func (s *site) apiStoreProblem(w http.ResponseWriter, r *http.Request, err error) {
	status, text := explain(err)
	s.apiProblem(w, r, status, text)
}

// hasType reports whether the body is said to be of one of the types, in UTF-8.
func hasType(r *http.Request, types ...string) bool {
	got, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, got) {
		return false
	}
	charset, ok := parameters["charset"]
	return !ok || charset == "utf-8" || charset == "UTF-8"
}
