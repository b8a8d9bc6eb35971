package compat

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates/badge"
	"example.com/herokuapp/templates/chart"
)

// period is a span of time and what was counted in it.
type period struct {
	start time.Time
	count int64
}

// historyTimeout limits the reading of a history.
const historyTimeout = 5 * time.Second

// periods returns what was counted since a time, in spans that begin where begin says, each
// of which has counted something. They are in order. It returns false if the store can't
// tell.
func (c *call) periods(o outcome, since time.Time, hoursOnly bool, begin func(time.Time) time.Time) ([]period, bool) {
	if c.history == nil || o.err != nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), historyTimeout)
	defer cancel()
	var found []period
	for bucket, err := range c.history.History(ctx, o.counter(), counter.HourOf(since), counter.HourOf(c.now())) {
		if err != nil {
			return nil, false
		}
		if hoursOnly && bucket.Hours != 1 {
			continue
		}
		start := begin(bucket.Start.Time())
		if n := len(found); n > 0 && found[n-1].start.Equal(start) {
			found[n-1].count = plus(found[n-1].count, bucket.Count)
		} else {
			found = append(found, period{start, bucket.Count})
		}
	}
	return found, true
}

// dayIn returns a function that returns when the day of a time begins.
func dayIn(zone *time.Location) func(time.Time) time.Time {
	return func(t time.Time) time.Time {
		year, month, day := t.In(zone).Date()
		return time.Date(year, month, day, 0, 0, 0, 0, zone)
	}
}

// zone returns the time zone that the request names, UTC if there is none.
func (c *call) zone() *time.Location {
	if zone, err := time.LoadLocation(c.param("tz")); err == nil && zone != time.Local {
		return zone
	}
	return time.UTC
}

// days returns the views of each of the last days, up to today, from the first that has
// any. It returns false if the store can't tell.
func (c *call) days(o outcome, n int, zone *time.Location) ([]period, bool) {
	begin := dayIn(zone)
	today := begin(c.now())
	found, known := c.periods(o, today.AddDate(0, 0, 1-n), false, begin)
	if !known {
		return nil, false
	}
	if len(found) == 0 {
		return []period{{start: today}}, true
	}
	all := make([]period, 0, n)
	for start := found[0].start; !start.After(today); start = start.AddDate(0, 0, 1) {
		day := period{start: start}
		if len(found) > 0 && found[0].start.Equal(start) {
			day.count, found = found[0].count, found[1:]
		}
		all = append(all, day)
	}
	return all, true
}

// today returns the views of this day. It returns false if the store can't tell.
func (c *call) today(o outcome, zone *time.Location) (int64, bool) {
	days, known := c.days(o, 1, zone)
	if !known {
		return 0, false
	}
	return days[len(days)-1].count, true
}

// todayOfTotal is the number of this day before the number of all, or the latter alone if
// the store can't tell the former.
func todayOfTotal(c *call, o outcome, number int64) string {
	total := strconv.FormatInt(number, 10)
	if today, known := c.today(o, c.zone()); known {
		return fmt.Sprintf("%d / %s", today, total)
	}
	return total
}

// daily draws the number of this day and of all.
func daily(w http.ResponseWriter, c *call, o outcome) {
	l := look{
		label: parameter{"title", "hits"}, labelColor: parameter{"title_bg", "#555"}, color: parameter{"count_bg", "#79c83d"},
		text: todayOfTotal, wrong: http.StatusBadRequest,
	}
	if is(c.param("edge_flat")) {
		l.style = badge.FlatSquare
	}
	l.answer(w, c, o)
}

// todayAndTotal draws the number of this day and of all, or has them as JSON.
func todayAndTotal(w http.ResponseWriter, c *call, o outcome) {
	if c.param("output") == "json" {
		object(hitsHistory)(w, c, o)
		return
	}
	look{
		label: parameter{"label", "hits"}, color: parameter{"color", "#198754"}, styles: "style", wrong: http.StatusBadRequest,
		text: func(c *call, o outcome, number int64) string {
			text := todayOfTotal(c, o, number)
			if message := c.param("message"); message != "" {
				text += " " + cut(message)
			}
			return text
		},
	}.answer(w, c, o)
}

// historyDays is how many days a history of days has.
const historyDays = 30

// hitsHistory has the number of this day and of all, and of each day if it was asked for.
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
	days, known := c.days(o, historyDays, c.zone())
	if !known {
		return answer
	}
	answer.Today = &days[len(days)-1].count
	if o.does == read {
		for i, day := range days {
			answer.History = append(answer.History, hits{day.count, day.start.Format(time.DateOnly), i == len(days)-1})
		}
	}
	return answer
}

// wrong is an answer that has no more than what is wrong.
type wrong struct {
	Error string `json:"error"`
}

// visitorStatus has the number of this day, of all, and of each day.
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
	if days, known := c.days(o, historyDays, time.UTC); known {
		answer.Today = &days[len(days)-1].count
		for _, day := range days {
			answer.Days = append(answer.Days, daily{day.start.Format(time.DateOnly), day.count})
		}
	}
	return answer
}

// spacedList has the numbers of a counter by hour, day, week, month or year.
func spacedList(c *call, o outcome, status int) any {
	if status != http.StatusOK {
		return problem{status, message(o)}
	}
	day := dayIn(time.UTC)
	begin, since, hours := day, day(c.now()).AddDate(0, 0, -historyDays), false
	switch c.param("group_by") {
	case "hour":
		begin, since, hours = func(t time.Time) time.Time { return t }, c.now().AddDate(0, 0, -2), true
	case "week":
		begin = func(t time.Time) time.Time { return day(t).AddDate(0, 0, -(int(t.Weekday())+6)%7) }
		since = begin(c.now()).AddDate(0, 0, -7*26)
	case "month":
		begin = func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }
		since = begin(c.now()).AddDate(-2, 0, 0)
	case "year":
		begin = func(t time.Time) time.Time { return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC) }
		since = begin(c.now()).AddDate(-20, 0, 0)
	}
	type spot struct {
		Count int64  `json:"count"`
		Date  string `json:"date"`
	}
	list := []spot{}
	periods, _ := c.periods(o, since, hours, begin)
	for _, p := range periods {
		list = append(list, spot{p.count, p.start.Format(time.RFC3339)})
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
	days, _ := c.days(o, 60, time.UTC)
	for i, day := range days {
		bar := chart.Bar{Name: day.start.Format("2 January 2006"), Value: day.count, Partial: i == len(days)-1}
		if (len(days)-1-i)%10 == 0 {
			bar.Tick = day.start.Format("2 Jan")
		}
		drawn.Bars = append(drawn.Bars, bar)
	}
	w.Header().Set("Content-Security-Policy", drawn.Theme.Policy())
	writeSVG(w, http.StatusOK, bytes.Replace(drawn.SVG(), []byte(`width="720" height="240"`), []byte(`width="650" height="300"`), 1))
}

// hits draws the number of all or of this day.
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
			return todayOfTotal(c, o, number)
		},
	}.answer(w, c, o)
}

// uriError says of an error what the service says of every wrong address.
type uriError struct{ error }

func (uriError) Error() string   { return "Not a valid URI" }
func (e uriError) Unwrap() error { return e.error }
