package public

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/client"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/counter-core/counterhttp"
)

// views has what is known of a page and of its site.
type views struct {
	page, site counterhttp.View
}

// errSite says that the page's site is not counted.
var errSite = errors.New("its site is not counted here: see SITES")

// page returns the page that the variable "name" of the request's path names.
func (s *Surfaces) page(r *http.Request) (counters.Page, error) {
	address, err := counters.UnescapePage(mux.Vars(r)["name"])
	if err != nil {
		return counters.Page{}, err
	}
	return counters.ParsePage(address, s.keep)
}

// counted returns the page under which a page is counted. It may have another host. The
// error is errSite if the page is not counted.
func (s *Surfaces) counted(page counters.Page) (counters.Page, error) {
	host, ok := s.sites.Host(page.Host)
	if !ok {
		return page, fmt.Errorf("%s: %w", page, errSite)
	}
	page.Host = host
	return page, nil
}

// count counts a view of the page and of its site. If a rule says that the request does not
// count, it only reads both numbers, and the status of the page names the rule.
//
// The error is errSite or [counters.ErrQuota] if the page is not counted, or the store's
// error if its number is not known.
func (s *Surfaces) count(r *http.Request, page counters.Page) (views, error) {
	status := s.views.Skips(r)
	if status == "" {
		if err := s.quota.Admit(context.WithoutCancel(r.Context()), page.Counter()); err != nil {
			return views{page: counterhttp.View{Status: counterhttp.SkippedLimit}}, err
		}
		if s.tooMany(r, page) {
			status = counterhttp.SkippedRate
		}
	}
	if status != "" {
		found, err := s.look(r, page)
		found.page.Status = status
		return found, err
	}
	found, err := s.views.CountAll(r, page.Counter(), page.Site())
	return views{found[0], found[1]}, err
}

// look reads the numbers of a page and of its site. Either may be unknown.
func (s *Surfaces) look(r *http.Request, page counters.Page) (views, error) {
	view, err := s.views.Look(r, page.Counter())
	if err != nil {
		return views{}, err
	}
	site, _ := s.views.Look(r, page.Site())
	return views{view, site}, nil
}

// tooMany reports whether the client has used up its views of the page.
func (s *Surfaces) tooMany(r *http.Request, page counters.Page) bool {
	if s.limit == nil || isImageProxy(r.UserAgent()) {
		return false
	}
	network := client.Network(s.proxies.Address(r))
	return !s.limit.Take(clientPage{network, page.Counter()})
}

// isImageProxy reports whether the client is a proxy that fetches the images of a README or a
// mail for its readers. One such address stands for many people.
func isImageProxy(userAgent string) bool {
	for _, proxy := range []string{"github-camo", "GoogleImageProxy", "YahooMailProxy"} {
		if strings.Contains(userAgent, proxy) {
			return true
		}
	}
	return false
}

// setStatus sets the header that says what became of the view.
func setStatus(w http.ResponseWriter, status counterhttp.Status) {
	w.Header()[counterhttp.StatusHeader] = []string{string(status)}
}

// statusOf returns the status of a view that was refused.
func statusOf(err error, view counterhttp.View) counterhttp.Status {
	switch {
	case errors.Is(err, errSite):
		return counterhttp.SkippedSite
	case errors.Is(err, counters.ErrQuota):
		return counterhttp.SkippedLimit
	default:
		return view.Status
	}
}

// logFault logs an error of the store, which is shown to nobody.
func (s *Surfaces) logFault(r *http.Request, page string, err error) {
	s.log.Error("the number of a page is not known", zap.String("page", page), zap.Error(err), zap.String("request_id", respond.RequestID(r)))
}
