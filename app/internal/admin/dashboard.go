package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates"
)

// dashboard shows the views of all pages in the last days. Old addresses of the list, which used
// to be here, redirect to it.
func (s *site) dashboard(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		http.Redirect(w, r, placeOf(r.URL.Query()).List(), http.StatusSeeOther) //nolint:gosec // a path of ours, whatever the query
		return
	}
	data := templates.AdminDashboard{Skipped: s.skipped(), Store: s.storeState(r)}
	var found counters.Overview
	err := counters.ErrNoHistory
	if !s.about.NoHistory {
		found, err = s.counters.Overview(context.WithoutCancel(r.Context()))
	}
	switch {
	case err != nil:
		data.Message = "No history is kept, so nobody knows when pages were viewed. The counters are all there."
	case found.Err != nil && found.Read == 0:
		data.Message = "The store does not answer, so there are no numbers of the last days now."
	case found.Err != nil:
		data.Message = "The store does not answer, so these numbers are old."
	}
	if err == nil && !found.At.IsZero() && (found.Err == nil || found.Read > 0) {
		data.Age = "Looked at " + time.Since(found.At).Truncate(time.Second).String() + " ago."
		data.Pages, data.Read = found.Pages, found.Read
		data.Reading = found.Reading
		data.Days = found.All.Days[:]
		data.Today, data.Week, data.Month = found.All.Sum(1), found.All.Sum(7), found.All.Sum(counters.OverviewDays)
		data.Lists = []templates.AdminTop{
			topList("today", "Most viewed today", "Nothing was viewed today.", found.Today, 1),
			topList("week", "Most viewed in 7 days", "Nothing was viewed in 7 days.", found.Week, 7),
			topList("month", "Most viewed in 30 days", "Nothing was viewed in 30 days.", found.Month, counters.OverviewDays),
			topList("new", "New in the last 7 days", "No page is new.", found.New, 7),
		}
	} else if err == nil && data.Message == "" {
		data.Message = "The pages are being read. Look again in a moment."
	}
	html, err := s.pages.AdminDashboard(data)
	s.html(w, r, http.StatusOK, html, err)
}

func topList(id, title, none string, pages []counters.PageDays, days int) templates.AdminTop {
	list := templates.AdminTop{ID: id, Title: title, None: none}
	for _, page := range pages {
		list.Rows = append(list.Rows, templates.AdminTopRow{AdminName: named(page.Name), Views: page.Sum(days), Days: page.Days[:]})
	}
	return list
}

// skipped returns the reasons why requests did not count, the most frequent first.
func (s *site) skipped() []templates.AdminSkipped {
	if s.about.Skipped == nil {
		return nil
	}
	var rows []templates.AdminSkipped
	for status, count := range s.about.Skipped() {
		rows = append(rows, templates.AdminSkipped{Why: whySkipped(status), Count: count})
	}
	slices.SortFunc(rows, func(a, b templates.AdminSkipped) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Why, b.Why))
	})
	return rows
}

// whySkipped puts a status of docs/views.md in words.
func whySkipped(status counterhttp.Status) string {
	switch status {
	case counterhttp.Pending:
		return "kept until the store answers, and counted then"
	case counterhttp.Unknown:
		return "the store was asked, and nobody knows whether it counted"
	case counterhttp.SkippedMethod:
		return "a method that is not a view"
	case counterhttp.SkippedPrefetch:
		return "loaded by the browser in case somebody opens it"
	case counterhttp.SkippedHead:
		return "HEAD: nobody sees the page"
	case counterhttp.SkippedEmbedded:
		return "loaded as a part of another page"
	case counterhttp.SkippedBot:
		return "a bot"
	case counterhttp.SkippedRate:
		return "more views of a page by one client than RATE_LIMIT"
	case counterhttp.SkippedSite:
		return "a host that SITES does not list"
	case counterhttp.SkippedLimit:
		return "more pages than MAX_COUNTERS"
	case counterhttp.SkippedError:
		return "the store refused it"
	default:
		return string(status)
	}
}
