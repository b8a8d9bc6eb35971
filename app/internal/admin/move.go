package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates"
)

// movedTo returns the name that the owner means by the text typed as a counter's new name: a host
// for a site, an address for a page.
func (s *site) movedTo(from, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if !strings.HasPrefix(from, counters.SitePrefix) || strings.HasPrefix(typed, counters.SitePrefix) {
		return s.typedName(typed)
	}
	root, err := counters.ParsePage(typed, nil)
	if err == nil && root.Path != "/" {
		err = errors.New("a site is named by its host alone")
	}
	return root.Site(), err
}

// move shows what a rename would do, in a form. When the form comes back, it renames.
func (s *site) move(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formSize)
	if err := r.ParseForm(); err != nil {
		s.pageProblem(w, r, http.StatusBadRequest, "This form can't be read.", templates.AdminName{})
		return
	}
	rename := counters.Rename{From: r.PostForm.Get("name"), Alias: r.PostForm.Get("alias") == "yes", By: "page", Request: respond.RequestID(r)}
	var err error
	if rename.To, err = s.movedTo(rename.From, r.PostForm.Get("to")); err != nil {
		s.pageProblem(w, r, http.StatusUnprocessableEntity, respond.Sentence(err), named(rename.From))
		return
	}
	preview, err := s.counters.PreviewRename(context.WithoutCancel(r.Context()), rename)
	if err != nil {
		s.pageProblem(w, r, statusOfMove(err), counters.ExplainBring(err), named(rename.From))
		return
	}
	if r.PostForm.Get("yes") != "yes" {
		html, err := s.pages.AdminMove(templates.AdminMove{
			From: named(rename.From), To: named(rename.To), Typed: rename.To, Place: placeOf(r.PostForm), Alias: rename.Alias,
			Moved: preview.Moved, Before: preview.Before, After: preview.After, Pages: preview.Pages,
		})
		s.html(w, r, http.StatusOK, html, err)
		return
	}
	d := &deadlines{control: http.NewResponseController(w)}
	if _, err := s.counters.Rename(context.WithoutCancel(r.Context()), rename, func(int, int) { d.extend() }); err != nil {
		s.pageProblem(w, r, statusOfMove(err), counters.ExplainBring(err)+" Do the same again to complete it: nothing is counted twice.", named(rename.From))
		return
	}
	query := placeOf(r.PostForm).Values()
	query.Set("name", rename.To)
	query.Set("done", doneMove)
	http.Redirect(w, r, "/admin/counter?"+query.Encode(), http.StatusSeeOther) //nolint:gosec // a path of ours, whatever the query
}

func statusOfMove(err error) int {
	switch {
	case errors.Is(err, counters.ErrAlias):
		return http.StatusConflict
	case errors.Is(err, counters.ErrNoAlias), errors.Is(err, counters.ErrCannotMove):
		return http.StatusNotFound
	default:
		return statusOf(err)
	}
}

// aliases shows all aliases.
func (s *site) aliases(w http.ResponseWriter, r *http.Request) {
	data := templates.AdminAliases{Most: counters.MaxAliases}
	if r.URL.Query().Get("done") == "removed" {
		data.Notice = "The alias was removed. The old name counts for itself again."
	}
	for _, alias := range s.counters.Aliases() {
		data.Rows = append(data.Rows, templates.AdminAlias{From: named(alias.From), To: named(alias.To), Since: alias.Since.Format("2006-01-02 15:04")})
	}
	html, err := s.pages.AdminAliases(data)
	s.html(w, r, http.StatusOK, html, err)
}

func (s *site) removeAlias(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formSize)
	if err := s.counters.RemoveAlias(context.WithoutCancel(r.Context()), r.PostFormValue("name"), "page", respond.RequestID(r)); err != nil {
		s.pageProblem(w, r, statusOfMove(err), counters.ExplainBring(err), templates.AdminName{})
		return
	}
	http.Redirect(w, r, "/admin/aliases?done=removed", http.StatusSeeOther)
}

// apiMoved is the answer to a move.
type apiMoved struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Alias  bool   `json:"alias"`
	Moved  int64  `json:"moved"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Pages  int    `json:"pages,omitempty"`
	DryRun bool   `json:"dryRun"`
}

// apiMove renames or merges as {"from": "views:…", "to": "views:…", "alias": true} says.
func (s *site) apiMove(w http.ResponseWriter, r *http.Request) {
	query, err := respond.Query(r, "mode")
	if err != nil || query.Has("mode") && query.Get("mode") != "look" {
		apiProblem(w, http.StatusBadRequest, "The only query option here is mode=look, which changes nothing.")
		return
	}
	if !hasType(r, "application/json") {
		apiProblem(w, http.StatusUnsupportedMediaType, "The Content-Type must be application/json.")
		return
	}
	var body struct {
		From, To string
		Alias    bool
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, formSize))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil || decoder.Decode(new(any)) != io.EOF {
		apiProblem(w, http.StatusBadRequest, `The body must be like {"from": "views:example.com/old", "to": "views:example.com/new", "alias": true}.`)
		return
	}
	rename := counters.Rename{From: body.From, To: body.To, Alias: body.Alias, By: "api", Request: respond.RequestID(r)}
	look := query.Has("mode")
	done, err := s.counters.PreviewRename(context.WithoutCancel(r.Context()), rename)
	if err == nil && !look {
		d := &deadlines{control: http.NewResponseController(w)}
		done, err = s.counters.Rename(context.WithoutCancel(r.Context()), rename, func(int, int) { d.extend() })
	}
	if err != nil {
		apiProblem(w, statusOfMove(err), counters.ExplainBring(err))
		return
	}
	s.json(w, r, http.StatusOK, "application/json", apiMoved{done.From, done.To, done.Alias, done.Moved, done.Before, done.After, done.Pages, look})
}

func (s *site) apiAliases(w http.ResponseWriter, r *http.Request) {
	if _, err := respond.Query(r); err != nil {
		apiProblem(w, http.StatusBadRequest, respond.Sentence(err))
		return
	}
	answer := struct {
		Aliases []counters.Alias `json:"aliases"`
	}{append([]counters.Alias{}, s.counters.Aliases()...)}
	s.json(w, r, http.StatusOK, "application/json", answer)
}

func (s *site) apiRemoveAlias(w http.ResponseWriter, r *http.Request) {
	name, err := url.PathUnescape(r.PathValue("name"))
	if err != nil {
		apiProblem(w, http.StatusBadRequest, respond.Sentence(err))
		return
	}
	if err := s.counters.RemoveAlias(context.WithoutCancel(r.Context()), name, "api", respond.RequestID(r)); err != nil {
		apiProblem(w, statusOfMove(err), fmt.Sprintf("%.60q: %s", name, counters.ExplainBring(err)))
		return
	}
	s.json(w, r, http.StatusOK, "application/json", struct {
		Removed string `json:"removed"`
	}{name})
}
