package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
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
	// pageSize is the number of counters on a page of the list.
	pageSize = 50
	// formSize is the size limit of a form, in bytes: escaped names and some numbers.
	formSize = 16 << 10
)

// list shows the counters and the state of the store.
func (s *site) list(w http.ResponseWriter, r *http.Request) {
	data := templates.AdminCounters{Place: placeOf(r.URL.Query())}
	prefix := s.typedPrefix(&data.Place)
	query := counters.Query{
		Prefix: prefix, NoSites: !data.Place.Sites, ByValue: data.Place.ByValue,
		After: entryOf(data.Place), Limit: pageSize,
	}
	if tooLong(prefix) || tooLong(query.After.Name) || !utf8.ValidString(data.Place.Prefix) {
		s.pageProblem(w, r, http.StatusBadRequest, "No counter's name can begin like this.", templates.AdminName{})
		return
	}
	status := http.StatusOK
	found, err := s.counters.List(context.WithoutCancel(r.Context()), query)
	if err != nil {
		status, data.Message = http.StatusServiceUnavailable, "The store does not answer, so the counters can't be listed now."
	}
	for _, entry := range found.Entries {
		name := named(entry.Name)
		if data.Place.Sites {
			name.Title = "" // the list says what they are
		}
		data.Rows = append(data.Rows, templates.AdminRow{AdminName: name, Value: entry.Value})
	}
	data.From, data.To, data.Total = found.Before+1, found.Before+len(found.Entries), found.Total
	data.Earlier, data.Previous, data.Next = found.Before > 0, afterOf(data.Place, found.Previous), afterOf(data.Place, found.Next())

	data.Store = s.storeState(r)
	html, err := s.pages.AdminCounters(data)
	s.html(w, r, status, html, err)
}

// placeOf returns the place in the list that the link back leads to.
func placeOf(values url.Values) templates.AdminPlace {
	return templates.AdminPlace{
		Sites: values.Get("list") == "sites", ByValue: values.Get("sort") == "value",
		Prefix: values.Get("prefix"), After: values.Get("after"),
	}
}

// entryOf returns the counter after which a page of the list begins. In a list by value, the
// text has the value before the name.
func entryOf(place templates.AdminPlace) counter.Entry {
	if !place.ByValue {
		return counter.Entry{Name: place.After}
	}
	number, name, _ := strings.Cut(place.After, " ")
	value, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return counter.Entry{}
	}
	return counter.Entry{Name: name, Value: value}
}

// afterOf is the reverse of entryOf.
func afterOf(place templates.AdminPlace, entry counter.Entry) string {
	if !place.ByValue || entry.Name == "" {
		return entry.Name
	}
	return strconv.FormatInt(entry.Value, 10) + " " + entry.Name
}

// typedPrefix returns the beginning of the names that the owner means by the text typed into the
// search: an address, or the beginning of one. A name as it is in the store leads to the list
// that has it.
func (s *site) typedPrefix(place *templates.AdminPlace) string {
	typed := strings.TrimSpace(place.Prefix)
	switch {
	case strings.HasPrefix(typed, counters.SitePrefix):
		place.Sites = true
		return typed
	case strings.HasPrefix(typed, counters.PagePrefix), typed == counters.Home:
		place.Sites = false
		return typed
	case typed == "" && !place.Sites:
		return "" // the home page's counter has a name of its own
	}
	if host, _, whole := strings.Cut(typed, "/"); whole && host != "" {
		if page, err := counters.ParsePage(typed, s.about.KeepQuery); err == nil && place.Sites {
			return page.Site()
		} else if err == nil {
			return page.Counter()
		}
	}
	host, path, _ := strings.Cut(typed, "/")
	typed = strings.ToLower(host) + typed[len(typed)-len(path)-min(1, len(typed)-len(host)):]
	if place.Sites {
		return counters.SitePrefix + typed
	}
	return counters.PagePrefix + typed
}

// typedName returns the name of the counter that the owner means by a page's address. A path
// without a host is that of a program that counts by itself.
func (s *site) typedName(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == counters.Home || strings.HasPrefix(typed, counters.PagePrefix) || strings.HasPrefix(typed, counters.SitePrefix) {
		return typed, nil
	}
	if strings.HasPrefix(typed, "/") {
		return counters.PagePrefix + typed, nil
	}
	page, err := counters.ParsePage(typed, s.about.KeepQuery)
	if err != nil {
		return "", err
	}
	if host, ok := s.about.Sites.Host(page.Host); ok {
		page.Host = host
	}
	return page.Counter(), nil
}

// named returns a name in the form that pages show.
func named(name string) templates.AdminName {
	shown := templates.AdminName{Name: name, Shown: name}
	if page, ok := strings.CutPrefix(name, counters.PagePrefix); ok && page != "" {
		shown.Shown = page
	}
	if host, ok := strings.CutPrefix(name, counters.SitePrefix); ok && host != "" {
		shown.Shown, shown.Title = host, "All pages of"
	}
	if name == counters.Home {
		shown.Title = "Home page"
	}
	return shown
}

// tooLong reports whether the text is too long for a name.
func tooLong(text string) bool {
	return len(text) > counter.MaxNameLen || !utf8.ValidString(text)
}

// counter shows one counter and the forms to change it.
func (s *site) counter(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	name := query.Get("name")
	if query.Has("page") {
		var err error
		if name, err = s.typedName(query.Get("page")); err != nil {
			s.pageProblem(w, r, http.StatusBadRequest, respond.Sentence(err), templates.AdminName{})
			return
		}
	}
	s.showCounter(w, r, http.StatusOK, templates.AdminCounter{
		AdminName: named(name), Place: placeOf(query), Notice: notice(query.Get("done")),
	})
}

// showCounter shows the counter named in data, with its value.
func (s *site) showCounter(w http.ResponseWriter, r *http.Request, status int, data templates.AdminCounter) {
	if err := counters.CheckName(data.Name); err != nil {
		s.pageProblem(w, r, statusOf(err), counters.Explain(err), templates.AdminName{})
		return
	}
	value, err := s.counters.Get(context.WithoutCancel(r.Context()), data.Name)
	data.Value, data.Known = value, err == nil
	if err != nil && data.Message == "" {
		status, data.Message = statusOf(err), counters.Explain(err)
	}
	s.addSnippets(r, &data)
	data.CanMove = s.counters.CanMove() && data.Name != counters.Home
	data.Site = strings.HasPrefix(data.Name, counters.SitePrefix)
	html, err := s.pages.AdminCounter(data)
	s.html(w, r, status, html, err)
}

const (
	// donePending means that an addition was accepted but is not counted yet.
	donePending = "pending"
	// doneMove means that a counter got this name, or was joined to this one.
	doneMove = "moved"
)

// notice returns a sentence about what was done. A link can only choose one of these sentences.
func notice(done string) string {
	switch done {
	case string(counters.Set):
		return "The counter was set."
	case string(counters.Add):
		return "The number was added."
	case string(counters.Reset):
		return "The counter was reset."
	case doneMove:
		return "The old counter is now a part of this one."
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

// pageProblem answers with a page that says what is wrong. about is the counter concerned, or the
// zero value.
func (s *site) pageProblem(w http.ResponseWriter, r *http.Request, status int, text string, about templates.AdminName) {
	html, err := s.pages.AdminProblem(templates.AdminProblem{Title: http.StatusText(status), Text: text, About: about})
	s.html(w, r, status, html, err)
}

// html answers with a page, or with an error if it could not be rendered.
func (s *site) html(w http.ResponseWriter, r *http.Request, status int, html []byte, err error) {
	if err != nil {
		s.log.Error("the page failed", zap.Error(err), zap.String("request_id", respond.RequestID(r)))
		status, html = http.StatusInternalServerError, []byte("Something went wrong on our side.")
	}
	respond.HTML(w, status, html)
}

// storeState returns what is known of the store and of the process.
func (s *site) storeState(r *http.Request) templates.AdminStore {
	report := s.about.Health.Report(context.WithoutCancel(r.Context()))
	state := templates.AdminStore{
		Name: report.Name, Warnings: report.Warnings,
		Gathers: report.Gathers, Pending: report.Stats.Pending, Healed: report.Stats.Healed, Failing: report.Stats.Failing,
		Revision: s.about.Revision, Uptime: time.Since(s.about.Started).Truncate(time.Second).String(),
	}
	if report.Fault != nil {
		state.Fault = report.Fault.Error()
	}
	return state
}
