package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/moving"
	"example.com/herokuapp/app/internal/respond"
)

// apiBringing is the body that says what to bring.
type apiBringing struct {
	Addresses []string `json:"addresses"`
	Service   string   `json:"service"`
	Code      string   `json:"code"`
	Host      string   `json:"host"`
	Redis     string   `json:"redis"`
	Pages     []string `json:"pages"`
	// Adds allows requests to services that count them as views.
	Adds bool `json:"adds"`
}

// apiLine is a line of the answer: a number, or what is wrong with one.
type apiLine struct {
	*counters.Bringing
	From  string `json:"from,omitempty"`
	Error string `json:"error,omitempty"`
}

// apiSum is the last line of the answer.
type apiSum struct {
	Done   bool  `json:"done"`
	DryRun bool  `json:"dryRun"`
	Added  int64 `json:"added"`
	Failed int   `json:"failed"`
}

// apiBring reads numbers, and adds them or shows what would be added. The answer has a line of
// JSON for each number, and a last line that says that it is complete.
func (s *site) apiBring(w http.ResponseWriter, r *http.Request) {
	query, err := respond.Query(r, "mode", "host", "label")
	if err != nil {
		apiProblem(w, http.StatusBadRequest, respond.Sentence(err))
		return
	}
	mode := query.Get("mode")
	switch {
	case mode != "look" && mode != "add":
		apiProblem(w, http.StatusBadRequest, "mode is neither look, which changes nothing, nor add.")
		return
	case s.about.Moving == nil || !s.counters.CanMove():
		apiProblem(w, http.StatusNotFound, "This store can't move counts.")
		return
	}
	body := s.stream(w, r)
	defer body.forget()
	content, err := io.ReadAll(io.LimitReader(body, moving.MaxFile+1))
	if err != nil {
		apiProblem(w, http.StatusBadRequest, "The body did not arrive completely.")
		return
	}
	if len(content) > moving.MaxFile {
		apiProblem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("The body has more than %d bytes.", moving.MaxFile))
		return
	}
	b := bringing{list: moving.List{Host: query.Get("host")}, label: query.Get("label")}
	switch {
	case hasType(r, "application/json"):
		if b, err = parseBringing(content); err != nil {
			apiProblem(w, http.StatusBadRequest, "The body must be like {\"addresses\": [\"https://hits.sh/example.com/blog.svg\"]}: "+err.Error()+".")
			return
		}
	case hasType(r, "text/csv", "application/jsonl", "application/x-ndjson", "application/zip", "application/gzip"):
		b.file = content
	default:
		apiProblem(w, http.StatusUnsupportedMediaType, "The Content-Type must be application/json, or for a file text/csv, application/jsonl, application/zip or application/gzip.")
		return
	}
	if b.file == nil && b.keys.Kind == "" && !b.adds {
		adding, err := s.adding(b.list)
		if err == nil && len(adding) > 0 {
			apiProblem(w, http.StatusConflict, fmt.Sprintf("Reading %s adds one there, and so do %d of the addresses in all. If you want that, say \"adds\": true. Nothing was read.",
				adding[0], len(adding)))
			return
		}
	}
	s.answerBring(w, r, body.deadlines, b, mode == "add")
}

// answerBring answers with the lines.
func (s *site) answerBring(w http.ResponseWriter, r *http.Request, d *deadlines, b bringing, add bool) {
	extend := func(int, int) { d.extend() }
	finds, failures, err := s.gather(context.WithoutCancel(r.Context()), b, extend)
	if err != nil {
		apiProblem(w, http.StatusUnprocessableEntity, respond.Sentence(err))
		return
	}
	options := counters.BringOptions{Request: respond.RequestID(r), Stop: s.about.Stopping.Done(), Progress: func(int) { d.extend() }}
	var outcomes []counters.Outcome
	if add {
		outcomes = s.counters.BringAll(context.WithoutCancel(r.Context()), finds, options)
	} else {
		outcomes = s.counters.PreviewAll(context.WithoutCancel(r.Context()), finds, options)
	}
	w.Header().Set("Content-Type", "application/jsonl")
	out := json.NewEncoder(w)
	sum := apiSum{Done: true, DryRun: !add, Failed: len(failures)}
	for _, f := range failures {
		_ = out.Encode(apiLine{From: f.From, Error: f.Why})
	}
	for i := range outcomes {
		o := &outcomes[i]
		o.Past = nil // it would make the lines long
		if o.Err != nil {
			sum.Failed++
			_ = out.Encode(apiLine{From: o.From, Error: counters.ExplainBring(o.Err)})
			continue
		}
		if i < len(finds) {
			sum.Added += o.Added
		}
		d.extend()
		_ = out.Encode(apiLine{Bringing: &o.Bringing, From: o.From})
	}
	_ = out.Encode(sum)
}

func parseBringing(content []byte) (bringing, error) {
	var body apiBringing
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		return bringing{}, errors.New("it is not such an object")
	}
	for _, address := range append(body.Addresses, body.Pages...) {
		if strings.ContainsAny(address, "\r\n") {
			return bringing{}, errors.New("an address has a line end in it")
		}
	}
	if len(body.Addresses) == 0 && body.Redis == "" {
		return bringing{}, errors.New("it has neither addresses nor redis")
	}
	return bringing{
		list: moving.List{Text: strings.Join(body.Addresses, "\n"), Service: body.Service, Code: body.Code, Host: body.Host},
		adds: body.Adds, keys: moving.Keys{Kind: moving.Kind(body.Redis), Host: body.Host, Pages: strings.Join(body.Pages, "\n")},
	}, nil
}
