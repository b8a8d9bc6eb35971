package public

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/web"
	"example.com/herokuapp/templates"
)

// OwnerStats is the beginning of the paths of [Surfaces.OwnerRoutes]. The rest is as below
// "/stats".
const OwnerStats = "/admin/stats"

// statsRoutes returns the stats pages below an address.
func (s *Surfaces) statsRoutes(root string, handler http.HandlerFunc) []web.Route {
	header := http.Header{"Cache-Control": {"no-store"}, "Content-Security-Policy": {templates.StatsPolicy()}}
	methods := respond.Methods{http.MethodGet: handler}
	return []web.Route{{Path: root, Methods: methods, Header: header}, {Path: root + "/{name:.+}", Methods: methods, Header: header}}
}

// OwnerRoutes returns the owner's stats pages, behind guard. Without TLS, they are the only
// stats pages to which browsers send the owner's session.
func (s *Surfaces) OwnerRoutes(guard func(http.Handler) http.Handler) []web.Route {
	routes := s.statsRoutes(OwnerStats, func(w http.ResponseWriter, r *http.Request) { s.writeStats(w, r, true) })
	for i := range routes {
		routes[i].Guard = guard
	}
	return routes
}

// showStats answers with the stats of a page.
func (s *Surfaces) showStats(w http.ResponseWriter, r *http.Request) {
	s.writeStats(w, r, s.isOwner(r))
}

func (s *Surfaces) writeStats(w http.ResponseWriter, r *http.Request, owner bool) {
	about, err := s.subject(r)
	if err == nil {
		err = s.visible(owner)
	}
	if err != nil {
		s.statsProblem(w, r, about, err)
		return
	}
	data, status, err := s.statsOf(r, about)
	if err != nil {
		s.statsProblem(w, r, about, err)
		return
	}
	html, err := s.pages.Stats(data)
	if err != nil {
		s.statsProblem(w, r, about, err)
		return
	}
	respond.HTML(w, status, html)
}

// statsProblem answers with a page that says what is wrong.
func (s *Surfaces) statsProblem(w http.ResponseWriter, r *http.Request, about subject, err error) {
	status, text := s.explain(r, about.name, err)
	if status == http.StatusServiceUnavailable {
		respond.RetryAfter(w, respond.StoreRetry)
	}
	if errors.Is(err, errStatsOwner) {
		text += " If you are, look at " + about.below(OwnerStats) + "."
	}
	html, err := s.pages.Problem(templates.Problem{Title: http.StatusText(status), Text: text})
	if err != nil {
		html = []byte(text)
	}
	respond.HTML(w, status, html)
}

// maxBars is how many bars one chart of a page may have.
const maxBars = 1000

// statsOf returns what the page shows, and the status of the answer.
func (s *Surfaces) statsOf(r *http.Request, about subject) (data templates.Stats, status int, err error) {
	found, err := s.views.Look(r, about.counter, "")
	if err != nil {
		return data, 0, err
	}
	now := time.Now()
	asked, zone, asksRange, problem := statsQuery(r, now)
	status = http.StatusOK
	if problem != nil {
		status, data.Problem = s.explain(r, about.name, problem)
	}
	compared, err := comparedRanges(zone, now)
	if err != nil {
		return data, 0, err
	}
	ranges := compared
	switch {
	case problem != nil:
	case asksRange:
		ranges = append(ranges, asked)
	default:
		ranges = append(ranges, counters.LastSteps(48, counters.Hourly, zone, now), counters.LastSteps(365, counters.Daily, zone, now))
	}
	histories, err := s.counters.Histories(context.WithoutCancel(r.Context()), about.counter, ranges...)
	if err != nil {
		return data, 0, err
	}
	query := r.URL.Query() // it was read before
	data.Name, data.Total, data.AtLeast = about.name, found.Page.Number, found.Page.AtLeast
	data.Since = since(histories[0], data.Total)
	data.Cards = cards(histories[0], histories[1], histories[2], now)
	data.Form = templates.StatsForm{From: query.Get("from"), To: query.Get("to"), Step: query.Get("step"), Zone: query.Get("tz")}
	data.Zone, data.Events, data.History = zone.String(), about.below("/events"), about.below("/api/v1/history")
	if r.URL.RawQuery != "" && problem == nil {
		data.History += "?" + query.Encode()
	}
	for _, h := range histories[len(compared):] {
		data.Charts = append(data.Charts, statsChart(h, asksRange, now))
		data.Notes = append(data.Notes, historyNotes(h)...)
	}
	return data, status, nil
}

// statsQuery returns the range that the query asks for, its time zone, and whether it asks for
// a range. After an error, the time zone is UTC unless the query has a valid one.
func statsQuery(r *http.Request, now time.Time) (asked counters.Range, zone *time.Location, asksRange bool, err error) {
	query, err := query(r, "from", "to", "step", "tz")
	if err != nil {
		return asked, time.UTC, false, err
	}
	if zone, err = counters.ParseZone(query.Get("tz")); err != nil {
		return asked, time.UTC, false, err
	}
	asksRange = query.Get("from") != "" || query.Get("to") != "" || query.Get("step") != ""
	asked, err = rangeQuery(query).Parse(now, counters.UsualSteps)
	if err == nil && asked.Len() > maxBars {
		err = requestError{fmt.Errorf("it has %d steps, and this page shows at most %d: ask for less, or in longer steps", asked.Len(), maxBars)}
	}
	return asked, zone, asksRange, err
}

// comparedRanges returns two days, two weeks, and the hours of those weeks until now.
func comparedRanges(zone *time.Location, now time.Time) ([]counters.Range, error) {
	weeks := counters.LastSteps(2, counters.Weekly, zone, now)
	hours, err := counters.RangeQuery{From: weeks.Text(0), Step: string(counters.Hourly), Zone: zone.String()}.Parse(now, counters.UsualSteps)
	return []counters.Range{counters.LastSteps(2, counters.Daily, zone, now), weeks, hours}, err
}

// since says when the history begins.
func since(h counters.History, total int64) string {
	switch {
	case !h.Since.IsZero():
		return "By hour and day since " + h.Since.Format("2 January 2006") + "."
	case total != 0:
		return "By hour and day from the next view on."
	default:
		return ""
	}
}

// cards compares days and weeks.
func cards(days, weeks, hours counters.History, now time.Time) []templates.StatsCard {
	thisWeek := templates.StatsCard{Title: "This week", Views: weeks.Views[1], Remark: "so far"}
	if hours.Hourless == 0 {
		lastWeek := int64(0)
		for _, views := range hours.Views[:hours.Index(now.In(hours.Zone()).AddDate(0, 0, -7))+1] {
			lastWeek += views
		}
		thisWeek.Remark += comparison(weeks.Views[1], lastWeek)
	}
	return []templates.StatsCard{
		{Title: "Today", Views: days.Views[1], Remark: "so far"},
		{Title: "Yesterday", Views: days.Views[0]},
		thisWeek,
		{Title: "Last week", Views: weeks.Views[0]},
	}
}

// comparison says how the views of a week differ from those of the week before, up to the same
// hour.
func comparison(views, before int64) string {
	if before == 0 {
		return ""
	}
	const at = "last week at this hour"
	switch change := 100 * (float64(views) - float64(before)) / float64(before); {
	case change >= 0.5:
		return fmt.Sprintf(", %.0f%% more than %s", change, at)
	case change <= -0.5:
		return fmt.Sprintf(", %.0f%% less than %s", -change, at)
	default:
		return ", as many as " + at
	}
}

// statsChart returns the chart of a history.
func statsChart(h counters.History, asked bool, now time.Time) templates.StatsChart {
	c := templates.StatsChart{ID: "days", Title: "The last 12 months", Step: string(h.Step()), Sum: h.Sum(), Bars: bars(h, now)}
	switch {
	case asked:
		c.ID, c.Title = "range", "By "+c.Step+", "+c.Bars[0].Name
		if last := len(c.Bars) - 1; last > 0 {
			c.Title += " to " + c.Bars[last].Name
		}
	case h.Step() == counters.Hourly:
		c.ID, c.Title = "hours", "The last 48 hours"
	}
	return c
}

// below returns the address of the subject below a path such as "/events".
func (s subject) below(root string) string {
	if s.escaped == "" {
		return root
	}
	return root + "/" + s.escaped
}
