package compat

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/templates/badge"
	"example.com/herokuapp/templates/chart"
)

// mayLook reports whether STATS allows the request to learn when a page was viewed.
func (c *call) mayLook() bool {
	return c.stats == config.StatsPublic || c.stats == config.StatsOwner && c.owner.IsOwner(c.Request)
}

// zone returns the time zone that the request names, UTC if it names none.
func (c *call) zone() *time.Location {
	if zone, err := counters.ParseZone(c.param("tz")); err == nil {
		return zone
	}
	return time.UTC
}

// span is a day, or another step of a history, and what was counted in it.
type span struct {
	start time.Time
	text  string // when it starts
	views int64
}

// past returns the last n steps of a counter, beginning with the first that anything is known of.
// It returns none if the store can't tell, or the request may not know.
func (c *call) past(o outcome, n int, step counters.Step, zone *time.Location) []span {
	if !c.mayLook() {
		return nil
	}
	history, err := c.counters.History(c.Context(), o.counter(), counters.LastSteps(n, step, zone, time.Now()))
	if err != nil {
		return nil
	}
	var spans []span
	for i, views := range history.Views {
		last := i == len(history.Views)-1
		if !last && (history.Since.IsZero() || !history.At(i+1).After(history.Since)) {
			continue
		}
		spans = append(spans, span{history.At(i), history.Text(i), views})
	}
	return spans
}

// today returns today's views. It returns false if the store can't tell, or the request may not
// know.
func (c *call) today(o outcome, zone *time.Location) (int64, bool) {
	if !c.mayLook() {
		return 0, false
	}
	today, err := c.counters.Today(c.Context(), o.counter(), zone)
	return today, err == nil
}

// todayOfTotal is today's number and the total, or only the total if today's number is not known.
func todayOfTotal(c *call, o outcome, number int64, zone *time.Location) string {
	total := strconv.FormatInt(number, 10)
	if today, known := c.today(o, zone); known {
		return fmt.Sprintf("%d / %s", today, total)
	}
	return total
}

// daily draws today's number and the total.
func daily(w http.ResponseWriter, c *call, o outcome) {
	l := look{
		label: parameter{"title", "hits"}, labelColor: parameter{"title_bg", "#555"}, color: parameter{"count_bg", "#79c83d"},
		wrong: http.StatusBadRequest,
		text:  func(c *call, o outcome, number int64) string { return todayOfTotal(c, o, number, time.UTC) },
	}
	if is(c.param("edge_flat")) {
		l.style = badge.FlatSquare
	}
	l.answer(w, c, o)
}

// todayAndTotal draws today's number and the total, or has them as JSON.
func todayAndTotal(w http.ResponseWriter, c *call, o outcome) {
	if c.param("output") == "json" {
		object(hitsHistory)(w, c, o)
		return
	}
	look{
		label: parameter{"label", "hits"}, color: parameter{"color", "#198754"}, styles: "style", wrong: http.StatusBadRequest,
		text: func(c *call, o outcome, number int64) string {
			text := todayOfTotal(c, o, number, c.zone())
			if message := c.param("message"); message != "" {
				text += " " + cut(message)
			}
			return text
		},
	}.answer(w, c, o)
}

// historyDays is how many days a history of days has.
const historyDays = 30

// hitsHistory has today's number and the total, and the number of each day if the request asks
// for it.
func hitsHistory(c *call, o outcome, status int) any {
	if status != http.StatusOK {
		return wrong{message(o)}
	}
	type hits struct {
		Count int64  `json:"hit_count"`
		Date  string `json:"hit_date"`
		Today bool   `json:"is_today"`
	}
	answer := struct {
		Today   *int64 `json:"today_hits,omitempty"`
		Total   int64  `json:"total_hits"`
		History []hits `json:"history,omitempty"`
	}{Total: o.Page.Number}
	if o.does == count {
		if today, known := c.today(o, c.zone()); known {
			answer.Today = &today
		}
		return answer
	}
	days := c.past(o, historyDays, counters.Daily, c.zone())
	for i, day := range days {
		answer.History = append(answer.History, hits{day.views, day.text, i == len(days)-1})
		answer.Today = &day.views
	}
	return answer
}

// wrong is an answer that only says what is wrong.
type wrong struct {
	Error string `json:"error"`
}

// visitorStatus has today's number, the total, and the number of each day.
func visitorStatus(c *call, o outcome, status int) any {
	if status != http.StatusOK {
		return wrong{message(o)}
	}
	type daily struct {
		Title string `json:"title"`
		Total int64  `json:"total"`
	}
	answer := struct {
		Total int64   `json:"total"`
		Today *int64  `json:"today,omitempty"`
		Days  []daily `json:"dailyResults"`
	}{Total: o.Page.Number, Days: []daily{}}
	days := c.past(o, historyDays, counters.Daily, time.UTC)
	for _, day := range days {
		answer.Today = &day.views
		answer.Days = append(answer.Days, daily{day.text, day.views})
	}
	return answer
}

// spacedList has the numbers of a counter by hour, day, week, month or year.
func spacedList(c *call, o outcome, status int) any {
	if status != http.StatusOK {
		return problem{status, message(o)}
	}
	n, step := historyDays, counters.Daily
	switch c.param("group_by") {
	case "hour":
		n, step = 48, counters.Hourly
	case "week":
		n, step = 26, counters.Weekly
	case "month":
		n, step = 24, counters.Monthly
	case "year":
		n, step = 10*12, counters.Monthly
	}
	type item struct {
		Count int64  `json:"count"`
		Date  string `json:"date"`
	}
	list := []item{}
	spans := c.past(o, n, step, time.UTC)
	for _, s := range spans {
		start := s.start
		if c.param("group_by") == "year" {
			start = time.Date(start.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		}
		date := start.Format(time.RFC3339)
		if last := len(list) - 1; last >= 0 && list[last].Date == date {
			list[last].Count = plus(list[last].Count, s.views)
			continue
		}
		list = append(list, item{s.views, date})
	}
	return list
}

// graph draws the views of each of the last 60 days.
func graph(w http.ResponseWriter, c *call, o outcome) {
	if o.bad {
		look{label: parameter{"", "hits"}, wrong: http.StatusBadRequest}.answer(w, c, o)
		return
	}
	drawn := chart.Chart{Title: "Views of " + o.page.String()}
	days := c.past(o, 60, counters.Daily, time.UTC)
	for i, day := range days {
		bar := chart.Bar{Name: day.start.Format("2 January 2006"), Value: day.views, Partial: i == len(days)-1}
		if (len(days)-1-i)%10 == 0 {
			bar.Tick = day.start.Format("2 Jan")
		}
		drawn.Bars = append(drawn.Bars, bar)
	}
	w.Header().Set("Content-Security-Policy", drawn.Theme.Policy())
	writeSVG(w, http.StatusOK, bytes.Replace(drawn.SVG(), []byte(`width="720" height="240"`), []byte(`width="650" height="300"`), 1))
}

// hits draws the total or today's number.
func hits(w http.ResponseWriter, c *call, o outcome) {
	if o.bad { // in the words of the service
		o.err = fmt.Errorf("%w", uriError{o.err})
	}
	look{
		label: parameter{"label", "hits"}, labelColor: parameter{"labelColor", "#555"}, color: parameter{"color", "#4c1"}, styles: "style",
		wrong: http.StatusBadRequest,
		text: func(c *call, o outcome, number int64) string {
			number = c.more(number, "extraCount")
			if c.param("view") != "today-total" {
				return strconv.FormatInt(number, 10)
			}
			return todayOfTotal(c, o, number, time.UTC)
		},
	}.answer(w, c, o)
}

// uriError puts an error as the service puts it for every wrong address.
type uriError struct{ error }

func (uriError) Error() string   { return "Not a valid URI" }
func (e uriError) Unwrap() error { return e.error }
