package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

const (
	// pageSize is how many counters a page of the list has.
	pageSize = 50
	// listTimeout bounds a pass over all counters.
	listTimeout = 20 * time.Second
	// formSize is how many bytes a form has at most: a name, escaped, and some numbers.
	formSize = 8 << 10
)

// counters shows the list, and how the store is.
func (s *site) counters(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	data := templates.AdminCounters{Prefix: query.Get("prefix")}
	after := query.Get("after")
	if tooLong(data.Prefix) || tooLong(after) {
		s.pageProblem(w, r, http.StatusBadRequest, "No name of a counter begins so.", "")
		return
	}
	prefix := data.Prefix
	if strings.HasPrefix(prefix, "/") { // a path, as people see it
		prefix = viewsPrefix + prefix
	}
	status := http.StatusOK
	ctx, cancel := context.WithTimeout(r.Context(), listTimeout)
	defer cancel()
	p, err := list(ctx, s.store, prefix, after, pageSize)
	if err != nil {
		s.log.Error("the counters can't be listed", zap.Error(err), zap.String("request_id", requestID(r)))
		status, data.Message = http.StatusServiceUnavailable, "The store does not answer: the counters can't be listed now."
	}
	for _, entry := range p.entries {
		data.Rows = append(data.Rows, templates.AdminRow(entry))
	}
	data.From, data.To, data.Total = p.before+1, p.before+len(p.entries), p.total
	data.Later, data.Next = after != "", p.next()
	data.Store = s.describe(r.Context())
	html, err := s.pages.AdminCounters(data)
	s.html(w, r, status, html, err)
}

// tooLong says that no name holds the text.
func tooLong(text string) bool {
	return len(text) > counter.MaxNameLen || !utf8.ValidString(text)
}

// counter shows one counter, and asks what to do with it.
func (s *site) counter(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	data := templates.AdminCounter{Name: query.Get("name"), Notice: notice(query.Get("done"))}
	if strings.HasPrefix(data.Name, "/") {
		data.Name = viewsPrefix + data.Name
	}
	s.showCounter(w, r, http.StatusOK, data)
}

// showCounter shows the counter that data names with its value.
func (s *site) showCounter(w http.ResponseWriter, r *http.Request, status int, data templates.AdminCounter) {
	if err := checkName(data.Name); err != nil {
		s.nameProblem(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	value, err := s.store.Get(ctx, data.Name)
	data.Value, data.Known = value, err == nil
	if err != nil && data.Message == "" {
		status, data.Message = explain(err)
	}
	html, err := s.pages.AdminCounter(data)
	s.html(w, r, status, html, err)
}

// notice says what was done. The text is ours, whatever a link says.
func notice(done string) string {
	switch done {
	case actionSet:
		return "The counter was set."
	case actionAdd:
		return "The addition was made."
	case actionReset:
		return "The counter was reset."
	case donePending:
		return "The store does not answer. What you add is kept, and will be counted once when it does."
	default:
		return ""
	}
}

// counterPath is the page of one counter.
func counterPath(name, done string) string {
	return "/admin/counter?" + url.Values{"name": {name}, "done": {done}}.Encode()
}

func (s *site) noPage(w http.ResponseWriter, r *http.Request) {
	s.pageProblem(w, r, http.StatusNotFound, "There is no page at this address.", "")
}

func (s *site) pageMethod(w http.ResponseWriter, r *http.Request) {
	s.pageProblem(w, r, http.StatusMethodNotAllowed, "This address does not do that.", "")
}

// nameProblem answers for a name that is none of the app's.
func (s *site) nameProblem(w http.ResponseWriter, r *http.Request, err error) {
	_, text := explain(err)
	if errors.Is(err, errForeign) {
		s.pageProblem(w, r, http.StatusNotFound, text, "")
		return
	}
	s.pageProblem(w, r, http.StatusBadRequest, text, "")
}

// pageProblem says what is wrong; name is the counter it is about, if any.
func (s *site) pageProblem(w http.ResponseWriter, r *http.Request, status int, text, name string) {
	html, err := s.pages.AdminProblem(templates.AdminProblem{Title: http.StatusText(status), Text: text, Name: name})
	s.html(w, r, status, html, err)
}

// html answers with a page, unless it could not be rendered.
func (s *site) html(w http.ResponseWriter, r *http.Request, status int, html []byte, err error) {
	if err != nil {
		s.log.Error("the page failed", zap.Error(err), zap.String("request_id", requestID(r)))
		status, html = http.StatusInternalServerError, []byte("Something went wrong on our side.")
	}
	respond.HTML(w, status, html)
}
