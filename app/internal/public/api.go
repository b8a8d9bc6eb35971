package public

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
)

// maxNames is how many counters one request may read.
const maxNames = 100

// number is what the API tells about a page. It has either value or atLeast, or neither
// while the store does not answer.
type number struct {
	Name    string             `json:"name"`
	Value   *int64             `json:"value,omitempty"`
	AtLeast *int64             `json:"atLeast,omitempty"`
	Site    *int64             `json:"site,omitempty"`
	Status  counterhttp.Status `json:"status,omitempty"` // of the view that the request was to count
}

func newNumber(name string, found pageviews.Numbers) number {
	n := number{Name: name, Status: found.Page.Status}
	if found.Page.Known {
		if found.Page.AtLeast {
			n.AtLeast = &found.Page.Number
		} else {
			n.Value = &found.Page.Number
		}
	}
	if found.Site.Known && !found.Site.AtLeast {
		n.Site = &found.Site.Number
	}
	return n
}

// countOne counts a view of the page in the path.
func (s *Surfaces) countOne(w http.ResponseWriter, r *http.Request) {
	page, ok := s.pageOf(w, r)
	if !ok {
		return
	}
	counted := page.Counter()
	name := strings.TrimPrefix(counted, counters.PagePrefix) // no memory of its own
	found, err := s.views.Count(r, counted, page.Site())
	pageviews.SetStatus(w, found.Page, err)
	switch {
	case errors.Is(err, counter.ErrPending), err == nil && found.Page.Status == counterhttp.Pending:
		s.writeNumber(w, http.StatusAccepted, name, found)
	case err != nil:
		s.refuse(w, r, name, err)
	default:
		s.writeNumber(w, http.StatusOK, name, found)
	}
}

// writeNumber answers with what newNumber returns. It takes less time and memory than
// encoding/json, which matters because it answers each view that the API counts.
func (s *Surfaces) writeNumber(w http.ResponseWriter, status int, name string, found pageviews.Numbers) {
	quoted, _ := json.Marshal(name) // a string can always be encoded
	text := append(make([]byte, 0, 128+len(quoted)), `{"name":`...)
	text = append(text, quoted...)
	if found.Page.Known {
		member := `,"value":`
		if found.Page.AtLeast {
			member = `,"atLeast":`
		}
		text = strconv.AppendInt(append(text, member...), found.Page.Number, 10)
	}
	if found.Site.Known && !found.Site.AtLeast {
		text = strconv.AppendInt(append(text, `,"site":`...), found.Site.Number, 10)
	}
	if found.Page.Status != "" {
		text = append(append(append(text, `,"status":"`...), found.Page.Status...), '"')
	}
	w.Header()["Cache-Control"] = s.noStore
	respond.Write(w, status, "application/json", append(text, "}\n"...))
}

// readOne answers with the number of the page in the path.
func (s *Surfaces) readOne(w http.ResponseWriter, r *http.Request) {
	page, ok := s.pageOf(w, r)
	if !ok {
		return
	}
	found, err := s.views.Look(r, page.Counter(), page.Site())
	if err != nil {
		s.refuse(w, r, page.String(), err)
		return
	}
	s.json(w, newNumber(page.String(), found))
}

// pageOf returns the page of a request without a query, or answers with what is wrong.
func (s *Surfaces) pageOf(w http.ResponseWriter, r *http.Request) (counters.Page, bool) {
	if _, err := respond.Query(r); err != nil {
		badRequest(w, err)
		return counters.Page{}, false
	}
	return s.countedPage(w, r)
}

// countedPage returns the page in the path, or answers with what is wrong.
func (s *Surfaces) countedPage(w http.ResponseWriter, r *http.Request) (counters.Page, bool) {
	page, err := s.page(r)
	if err != nil {
		badRequest(w, err)
		return counters.Page{}, false
	}
	if page, err = s.views.Page(page); err != nil {
		pageviews.SetStatus(w, counterhttp.View{}, err)
		s.refuse(w, r, page.String(), err)
		return counters.Page{}, false
	}
	return page, true
}

// readSeveral answers with the numbers of the pages in the query, in the same order. Without
// a page in the query, it answers with the number of the home page.
func (s *Surfaces) readSeveral(w http.ResponseWriter, r *http.Request) {
	values, err := respond.Parameters(r)
	if err != nil {
		badRequest(w, err)
		return
	}
	names := values["name"]
	delete(values, "name")
	if len(values) > 0 {
		badRequest(w, errors.New("the only query option here is name, which may be given several times"))
		return
	}
	if len(names) == 0 {
		found, err := s.views.Look(r, counters.Home, "")
		if err != nil {
			s.refuse(w, r, "the home page", err)
			return
		}
		s.json(w, newNumber("", found))
		return
	}
	if len(names) > maxNames {
		badRequest(w, errors.New("there are more than 100 names: send several requests"))
		return
	}
	answer := struct {
		Views []number `json:"views"`
	}{make([]number, 0, len(names))}
	for _, name := range names {
		page, err := counters.ParsePage(name, s.keep)
		if err != nil {
			badRequest(w, err)
			return
		}
		if page, err = s.views.Page(page); err != nil {
			s.refuse(w, r, page.String(), err)
			return
		}
		found, err := s.views.Look(r, page.Counter(), "")
		if err != nil {
			s.refuse(w, r, page.String(), err)
			return
		}
		answer.Views = append(answer.Views, newNumber(page.String(), found))
	}
	s.json(w, answer)
}

// sitePages is the most pages of a site that one request lists.
const sitePages = 100

// readSite answers with the number of views of a whole site. The owner also gets its pages.
func (s *Surfaces) readSite(w http.ResponseWriter, r *http.Request) {
	values, err := respond.Query(r, "after")
	if err != nil {
		badRequest(w, err)
		return
	}
	address, err := counters.UnescapePage(r.PathValue("host"))
	if err != nil {
		badRequest(w, err)
		return
	}
	root, err := counters.ParsePage(address, nil)
	if err == nil && root.Path != "/" {
		err = errors.New("a site is named by its host alone")
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	if root, err = s.views.Page(root); err != nil {
		s.refuse(w, r, root.Host, err)
		return
	}
	found, err := s.views.Look(r, root.Site(), "")
	if err != nil {
		s.refuse(w, r, root.Host, err)
		return
	}
	answer := struct {
		number
		Pages []number `json:"pages,omitempty"`
		Next  string   `json:"next,omitempty"` // the after of the next pages
	}{number: newNumber(root.Host, found)}
	if s.isOwner(r) {
		pages := counters.Query{Prefix: counters.PagePrefix + root.Host + "/", Limit: sitePages}
		if after := values.Get("after"); after != "" {
			pages.After.Name = counters.PagePrefix + after
		}
		listing, err := s.counters.List(context.WithoutCancel(r.Context()), pages)
		if err != nil {
			s.refuse(w, r, root.Host, err)
			return
		}
		for _, entry := range listing.Entries {
			answer.Pages = append(answer.Pages, number{Name: strings.TrimPrefix(entry.Name, counters.PagePrefix), Value: &entry.Value})
		}
		answer.Next = strings.TrimPrefix(listing.Next().Name, counters.PagePrefix)
	}
	s.json(w, answer)
}
