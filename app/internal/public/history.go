package public

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
)

var (
	errStatsOff   = errors.New("nobody can look at when pages were viewed here: see STATS")
	errStatsOwner = errors.New("only the owner can look at when pages were viewed here: see STATS")
)

// mayLook returns nil if the request may see when pages were viewed, or why it may not.
func (s *Surfaces) mayLook(r *http.Request) error { return s.visible(s.isOwner(r)) }

// visible returns nil if the owner, or a stranger, may see when pages were viewed, or why not.
func (s *Surfaces) visible(owner bool) error {
	switch {
	case s.stats == config.StatsOff:
		return errStatsOff
	case s.stats == config.StatsOwner && !owner:
		return errStatsOwner
	case !s.history:
		return counters.ErrNoHistory
	}
	return nil
}

// subject is the page that a request is about. It may be the home page.
type subject struct {
	name    string // as the API calls it: empty for the home page
	escaped string // as it stands in an address of ours
	counter string
}

// title returns what people call the page.
func (s subject) title() string {
	if s.name == "" {
		return "This page"
	}
	return s.name
}

// subject returns the page that the variable "name" of the request's path names, or the home
// page if there is none.
func (s *Surfaces) subject(r *http.Request) (subject, error) {
	if r.PathValue("name") == "" {
		return subject{counter: counters.Home}, nil
	}
	page, err := s.page(r)
	if err == nil {
		page, err = s.views.Page(page)
	}
	return subject{page.String(), page.Escaped(), page.Counter()}, err
}

// requestError is an error of the request. Its text is for the client.
type requestError struct{ error }

// query returns the query of a request. It is an error if it has an option that is not allowed.
func query(r *http.Request, allowed ...string) (url.Values, error) {
	values, err := respond.Query(r, allowed...)
	if err != nil {
		return nil, requestError{err}
	}
	return values, nil
}

// readHistory answers with how often a page was viewed in each step of a range of time.
func (s *Surfaces) readHistory(w http.ResponseWriter, r *http.Request) {
	about, err := s.subject(r)
	if err != nil {
		s.refuse(w, r, about.name, err)
		return
	}
	format, history, err := s.historyOf(r, about)
	if err != nil {
		s.refuse(w, r, about.name, err)
		return
	}
	w.Header().Add("Vary", "Accept")
	if format == counters.CSV {
		writeHistoryCSV(w, history)
		return
	}
	s.json(w, newHistoryAnswer(about.name, history))
}

// historyOf returns the history that the request asks for, and in which format.
func (s *Surfaces) historyOf(r *http.Request, about subject) (format counters.Format, history counters.History, err error) {
	query, err := query(r, "from", "to", "step", "tz", "format")
	if err != nil {
		return "", history, err
	}
	if err := s.mayLook(r); err != nil {
		return "", history, err
	}
	if format, err = historyFormat(r, query); err != nil {
		return "", history, err
	}
	span, err := rangeQuery(query).Parse(time.Now(), counters.UsualSteps)
	if err != nil {
		return "", history, err
	}
	history, err = s.counters.History(context.WithoutCancel(r.Context()), about.counter, span)
	return format, history, err
}

// rangeQuery returns the range of a query whose options were checked.
func rangeQuery(query url.Values) counters.RangeQuery {
	return counters.RangeQuery{From: query.Get("from"), To: query.Get("to"), Step: query.Get("step"), Zone: query.Get("tz")}
}

// json is the API's format, in addition to those of exports.
const jsonFormat counters.Format = "json"

// historyFormat returns the format that the query asks for, or if it asks for none, the header
// Accept.
func historyFormat(r *http.Request, query url.Values) (counters.Format, error) {
	switch format := counters.Format(query.Get("format")); {
	case format == counters.CSV, format == jsonFormat:
		return format, nil
	case query.Has("format"):
		return "", requestError{fmt.Errorf("the option format is %.40q, neither json nor csv", format)}
	}
	var csv, json float64
	for part := range strings.SplitSeq(strings.Join(r.Header["Accept"], ","), ",") {
		kind, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		weight := 1.
		if q, err := strconv.ParseFloat(parameters["q"], 64); err == nil {
			weight = q
		}
		switch kind {
		case "text/csv":
			csv = weight
		case "application/json":
			json = weight
		}
	}
	if csv > json {
		return counters.CSV, nil
	}
	return jsonFormat, nil
}

// historyAnswer is what the API tells of a page's history.
type historyAnswer struct {
	Name   string         `json:"name"`
	Step   counters.Step  `json:"step"`
	Zone   string         `json:"tz"`
	From   string         `json:"from"`
	To     string         `json:"to"`
	Since  *string        `json:"since"`
	Counts []historyCount `json:"counts"`

	UTCUntil string   `json:"utcDaysUntil,omitempty"`
	Hourless int64    `json:"viewsWithoutHour,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

type historyCount struct {
	At    string `json:"at"`
	Views int64  `json:"views"`
}

func newHistoryAnswer(name string, h counters.History) historyAnswer {
	answer := historyAnswer{
		Name: name, Step: h.Step(), Zone: h.Zone().String(), From: h.Text(0), To: h.Text(h.Len() - 1),
		Counts: make([]historyCount, h.Len()), Hourless: h.Hourless, Notes: historyNotes(h),
	}
	for i, views := range h.Views {
		answer.Counts[i] = historyCount{h.Text(i), views}
	}
	if !h.Since.IsZero() {
		since := h.Since.Format(time.DateOnly)
		answer.Since = &since
	}
	if !h.UTCUntil.IsZero() {
		answer.UTCUntil = h.UTCUntil.Format(time.DateOnly)
	}
	return answer
}

// historyNotes returns sentences about what the numbers of a history leave out.
func historyNotes(h counters.History) (notes []string) {
	if !h.UTCUntil.IsZero() {
		notes = append(notes, "Days until "+h.UTCUntil.Format(time.DateOnly)+" are days of UTC, because hours are kept for HISTORY_HOURS only.")
	}
	if h.Hourless > 0 {
		notes = append(notes, fmt.Sprintf("%d more views are known by their day only, because hours are kept for HISTORY_HOURS only.", h.Hourless))
	}
	if h.SplitsHours() {
		notes = append(notes, "Hours are those of UTC. Each counts for the day of "+h.Zone().String()+" in which it begins.")
	}
	return notes
}

// writeHistoryCSV answers with a line for each step. It quotes each cell, as exports do.
func writeHistoryCSV(w http.ResponseWriter, h counters.History) {
	lines := []byte("\"at\",\"views\"\n")
	for i, views := range h.Views {
		lines = fmt.Appendf(lines, "\"%s\",\"%d\"\n", h.Text(i), views)
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="history.csv"`)
	respond.Write(w, http.StatusOK, "text/csv; charset=utf-8", lines)
}
