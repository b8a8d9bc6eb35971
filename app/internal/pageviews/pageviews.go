// Package pageviews counts the views of pages elsewhere, for every public address: those of this
// program and those of other services. So the rules of docs/views.md hold for all of them
// together.
package pageviews

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/client"
	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
)

// ErrSite says that a page's site is not counted.
var ErrSite = errors.New("its site is not counted here: see SITES")

// maxClients is how many pairs of a client and a page the rate limit remembers.
const maxClients = 100_000

// Counter counts the views of pages elsewhere. It is safe for concurrent use.
type Counter struct {
	views   *counterhttp.Counter
	sites   counters.Sites
	quota   *counters.Quota
	limit   *client.Budget[clientPage] // nil if there is no limit
	proxies client.Proxies
	log     *zap.Logger
}

// clientPage is a client and the counter of a page that it views.
type clientPage struct {
	client  netip.Prefix
	counter string
}

// New returns a counter of views in the store.
func New(cfg config.Config, store counter.Store, log *zap.Logger) *Counter {
	options := counterhttp.Options{
		Wait:    -1, // what store.Open returns bounds its waits by cfg.PageWait
		Methods: []string{http.MethodGet, http.MethodPost, http.MethodPut}, Embedded: true, Bot: cfg.Bot(),
	}
	c := &Counter{
		views:   counterhttp.New(store, options),
		sites:   cfg.Sites,
		quota:   counters.NewQuota(store, cfg.MaxCounters),
		proxies: cfg.TrustedProxies,
		log:     log,
	}
	if cfg.RateLimit > 0 {
		c.limit = client.NewBudget[clientPage](cfg.RateLimit, time.Minute, maxClients)
	}
	return c
}

// Start starts the work in the background, which lasts until Stop. It returns at once.
func (c *Counter) Start() {
	if c.sites.Any() {
		c.log.Info("pages of every site are counted; set SITES to count only some")
	}
	c.quota.Start()
}

// Stop ends what Start began.
func (c *Counter) Stop() { c.quota.Stop() }

// Pages returns how many pages are known to have a counter.
func (c *Counter) Pages() int { return c.quota.Known() }

// Page returns the page under which a page is counted. It may have another host. The error
// is [ErrSite] if the page is not counted.
func (c *Counter) Page(page counters.Page) (counters.Page, error) {
	host, ok := c.sites.Host(page.Host)
	if !ok {
		return page, fmt.Errorf("%.60q: %w", page, ErrSite)
	}
	page.Host = host
	return page, nil
}

// Numbers are the views of a page and of its site. Either may be unknown.
type Numbers struct {
	Page, Site counterhttp.View
}

// Count counts a view in the page's counter and in its site's, unless site is empty. If a
// rule says that the request does not count, Count only reads both numbers, and the status
// of the page names the rule.
//
// The error is [counters.ErrQuota] if the page is not counted, or the store's error if its
// number is not known.
func (c *Counter) Count(r *http.Request, page, site string) (Numbers, error) {
	status := c.views.Skips(r)
	if status == "" {
		if err := c.quota.Admit(r.Context(), page); err != nil {
			return Numbers{Page: counterhttp.View{Status: counterhttp.SkippedLimit}}, err
		}
		if c.tooMany(r, page) {
			status = counterhttp.SkippedRate
		}
	}
	if status != "" {
		found, err := c.Look(r, page, site)
		found.Page.Status = status
		return found, err
	}
	if site == "" {
		view, err := c.views.CountAll(r, page)
		return Numbers{Page: view[0]}, err
	}
	found, err := c.views.CountAll(r, page, site)
	return Numbers{found[0], found[1]}, err
}

// Look reads the numbers of a page and, unless site is empty, of its site. The error is that
// of the page.
func (c *Counter) Look(r *http.Request, page, site string) (Numbers, error) {
	view, err := c.views.Look(r, page)
	if err != nil {
		return Numbers{}, err
	}
	found := Numbers{Page: view}
	if site != "" {
		found.Site, _ = c.views.Look(r, site)
	}
	return found, nil
}

// tooMany reports whether the client has used up its views of the page.
func (c *Counter) tooMany(r *http.Request, page string) bool {
	if c.limit == nil || isImageProxy(r.UserAgent()) {
		return false
	}
	return !c.limit.Take(clientPage{client.Network(c.proxies.Address(r)), page})
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

// SetStatus sets the header that says what became of a view, from what Count or Page has
// returned. It sets nothing for a view that was not to be counted.
func SetStatus(w http.ResponseWriter, view counterhttp.View, err error) {
	status := view.Status
	switch {
	case errors.Is(err, ErrSite):
		status = counterhttp.SkippedSite
	case errors.Is(err, counters.ErrQuota):
		status = counterhttp.SkippedLimit
	case status == "":
		return
	}
	w.Header()[counterhttp.StatusHeader] = []string{string(status)}
}

// LogFault logs an error of the store, which is shown to nobody.
func (c *Counter) LogFault(r *http.Request, page string, err error) {
	c.log.Error("the number of a page is not known", zap.String("page", page), zap.Error(err), zap.String("request_id", respond.RequestID(r)))
}
