package public

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates"
	"example.com/herokuapp/templates/chart"
)

// maxChartDays is how many days an image may show.
const maxChartDays = 366

// drawChart draws how often a page was viewed on each of the last days. It counts nothing.
// The status is 200 in any case: browsers show an error as a broken image.
func (s *Surfaces) drawChart(w http.ResponseWriter, r *http.Request) {
	picture := chart.Chart{Title: "views"}
	err := s.fillChart(r, &picture)
	if err != nil {
		picture.Bars = nil
		_, picture.Message = s.explain(r, r.URL.Path, err)
	}
	w.Header().Set("Content-Security-Policy", picture.Theme.Policy()+"; sandbox")
	respond.Write(w, http.StatusOK, "image/svg+xml; charset=utf-8", picture.SVG())
}

func (s *Surfaces) fillChart(r *http.Request, picture *chart.Chart) error {
	query, err := query(r, "days", "theme", "tz")
	if err != nil {
		return err
	}
	if picture.Theme, err = chartTheme(query); err != nil {
		return err
	}
	days, err := chartDays(query)
	if err != nil {
		return err
	}
	zone, err := counters.ParseZone(query.Get("tz"))
	if err != nil {
		return err
	}
	about, err := s.subject(r)
	if err != nil {
		return err
	}
	if err := s.mayLook(r); err != nil {
		return err
	}
	now := time.Now()
	history, err := s.counters.History(context.WithoutCancel(r.Context()), about.counter, counters.LastSteps(days, counters.Daily, zone, now))
	if err != nil {
		return err
	}
	picture.Title = fmt.Sprintf("%s: %s in %s", about.title(), count(history.Sum(), "view"), count(int64(days), "day"))
	picture.Bars = bars(history, now)
	return nil
}

// count returns a number and what is counted, such as "1 view".
func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return templates.Grouped(n) + " " + what
}

func chartTheme(query url.Values) (chart.Theme, error) {
	switch theme := query.Get("theme"); theme {
	case "light":
		return chart.Light, nil
	case "dark":
		return chart.Dark, nil
	case "auto", "":
		return chart.Auto, nil
	default:
		return chart.Auto, requestError{fmt.Errorf("the option theme is %.40q: use light, dark or auto", theme)}
	}
}

func chartDays(query url.Values) (int, error) {
	text := query.Get("days")
	if text == "" {
		return 30, nil
	}
	days, err := strconv.ParseUint(text, 10, 16)
	if err != nil || days < 1 || days > maxChartDays {
		return 0, requestError{fmt.Errorf("the option days is %.40q: use a whole number from 1 to %d", text, maxChartDays)}
	}
	return int(days), nil
}

// bars returns the bars for the steps of a history, as of now.
func bars(h counters.History, now time.Time) []chart.Bar {
	bars := make([]chart.Bar, h.Len())
	for i, views := range h.Views {
		bars[i] = chart.Bar{Name: stepName(h.Step(), h.At(i)), Tick: tick(h, i), Value: views, Partial: i == h.Index(now)}
	}
	return bars
}

// stepName returns what people call a step that begins at a time.
func stepName(step counters.Step, at time.Time) string {
	switch step {
	case counters.Hourly:
		return at.Format("2 January 2006, 15:04")
	case counters.Weekly:
		return "week from " + at.Format("2 January 2006")
	case counters.Monthly:
		return at.Format("January 2006")
	default:
		return at.Format("2 January 2006")
	}
}

// maxTicks is how many short dates fit below a chart on a phone.
const maxTicks = 6

// tick returns the text below the bar of a step, which is empty for most.
func tick(h counters.History, i int) string {
	at := h.At(i)
	switch step := h.Step(); {
	case step == counters.Hourly && h.Len() <= 50:
		if at.Hour()%12 == 0 {
			return at.Format("15:04")
		}
		return ""
	case step == counters.Daily && h.Len() > 62 && h.Len() <= 400:
		if at.Day() == 1 && at.Month()%2 == 1 {
			return at.Format("Jan")
		}
		return ""
	}
	every := (h.Len() + maxTicks - 1) / maxTicks
	if (h.Len()-1-i)%every != every/2 {
		return ""
	}
	switch {
	case h.Step() != counters.Hourly && h.At(h.Len()-1).Sub(h.At(0)) > 2*366*24*time.Hour:
		return at.Format("2006")
	case h.Step() == counters.Monthly:
		return at.Format("Jan")
	default:
		return at.Format("2 Jan")
	}
}
