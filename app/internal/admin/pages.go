package admin

import (
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

const (
	// pageSize is how many counters a page of the list has.
	pageSize = 50
	// formSize is how many bytes a form can have: names, escaped, and some numbers.
	formSize = 16 << 10
)

// list shows the counters, and how the store is.
func (s *site) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	data := templates.AdminCounters{Place: placeOf(query)}
	if tooLong(data.Place.Prefix) || tooLong(data.Place.After) {
		s.pageProblem(w, r, http.StatusBadRequest, "No counter has a name that begins like this.", templates.AdminName{})
		return
	}
	status := http.StatusOK
	found, err := s.counters.List(r.Context(), fullName(data.Place.Prefix), data.Place.After, pageSize)
	if err != nil {
		status, data.Message = http.StatusServiceUnavailable, "The store does not answer, so the counters can't be listed now."
	}
	for _, entry := range found.Entries {
		data.Rows = append(data.Rows, templates.AdminRow{AdminName: named(entry.Name), Value: entry.Value})
	}
	data.From, data.To, data.Total = found.Before+1, found.Before+len(found.Entries), found.Total
	data.Earlier, data.Previous, data.Next = found.Before > 0, found.Previous, found.Next()

	report := s.about.Health.Report(r.Context())
	data.Store = templates.AdminStore{
		Name: report.Name, Warnings: report.Warnings,
		Gathers: report.Gathers, Pending: report.Stats.Pending, Healed: report.Stats.Healed, Failing: report.Stats.Failing,
		Revision: s.about.Revision, Uptime: time.Since(s.about.Started).Truncate(time.Second).String(),
	}
	if report.Fault != nil {
		data.Store.Fault = report.Fault.Error()
	}
	html, err := s.pages.AdminCounters(data)
	s.html(w, r, status, html, err)
}

// placeOf returns where in the list somebody comes from, for the way back.
func placeOf(values url.Values) templates.AdminPlace {
	return templates.AdminPlace{Prefix: values.Get("prefix"), After: values.Get("after")}
}

// fullName returns the name that somebody means who types a path.
func fullName(typed string) string {
	if strings.HasPrefix(typed, "/") {
		return counters.PagePrefix + typed
	}
	return typed
}

// named returns a name as pages show it.
func named(name string) templates.AdminName {
	shown := templates.AdminName{Name: name}
	if name == counters.Home {
		shown.Title = "Home page"
	}
	return shown
}

// tooLong reports whether the text can't be in a name.
func tooLong(text string) bool {
	return len(text) > counter.MaxNameLen || !utf8.ValidString(text)
}

// counter shows one counter, and asks what to do with it.
func (s *site) counter(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s.showCounter(w, r, http.StatusOK, templates.AdminCounter{
		AdminName: named(fullName(query.Get("name"))), Place: placeOf(query), Notice: notice(query.Get("done")),
	})
}

// showCounter shows the counter that data names with its value.
func (s *site) showCounter(w http.ResponseWriter, r *http.Request, status int, data templates.AdminCounter) {
	if err := counters.CheckName(data.Name); err != nil {
		s.pageProblem(w, r, statusOf(err), counters.Explain(err), templates.AdminName{})
		return
	}
	value, err := s.counters.Get(r.Context(), data.Name)
	data.Value, data.Known = value, err == nil
	if err != nil && data.Message == "" {
		status, data.Message = statusOf(err), counters.Explain(err)
	}
	html, err := s.pages.AdminCounter(data)
	s.html(w, r, status, html, err)
}

// donePending is an addition that was accepted, and is not counted yet.
const donePending = "pending"

// notice says what was done. The text is ours, whatever a link says.
func notice(done string) string {
	switch done {
	case string(counters.Set):
		return "The counter was set."
	case string(counters.Add):
		return "The number was added."
	case string(counters.Reset):
		return "The counter was reset."
	case donePending:
		return "The store does not answer. Your addition is kept, and will be counted once when it does."
	default:
		return ""
	}
}

func (s *site) noPage(w http.ResponseWriter, r *http.Request) {
	s.pageProblem(w, r, http.StatusNotFound, "There is no page at this address.", templates.AdminName{})
}

func (s *site) pageMethod(w http.ResponseWriter, r *http.Request) {
	s.pageProblem(w, r, http.StatusMethodNotAllowed, "This address can't do that.", templates.AdminName{})
}

// pageProblem says what is wrong with the counter, or with something else if about is empty.
func (s *site) pageProblem(w http.ResponseWriter, r *http.Request, status int, text string, about templates.AdminName) {
	html, err := s.pages.AdminProblem(templates.AdminProblem{Title: http.StatusText(status), Text: text, About: about})
	s.html(w, r, status, html, err)
}

// html answers with a page, unless it could not be rendered.
func (s *site) html(w http.ResponseWriter, r *http.Request, status int, html []byte, err error) {
	if err != nil {
		s.log.Error("the page failed", zap.Error(err), zap.String("request_id", respond.RequestID(r)))
		status, html = http.StatusInternalServerError, []byte("Something went wrong on our side.")
	}
	respond.HTML(w, status, html)
}
