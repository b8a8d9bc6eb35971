package public

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/counter-core/counterhttp"
	"example.com/herokuapp/templates/badge"
)

// badge draws the number of the page in the path. It counts a view, or with ?read only reads
// the number.
func (s *Surfaces) badge(w http.ResponseWriter, r *http.Request) {
	wanted, err := badgeOptions(r)
	if err != nil {
		s.drawError(w, http.StatusBadRequest, wanted.Style, err)
		return
	}
	page, err := s.page(r)
	if err != nil {
		s.drawError(w, http.StatusBadRequest, wanted.Style, err)
		return
	}
	page, err = s.views.Page(page)
	var found pageviews.Numbers
	switch {
	case err != nil:
	case wanted.read:
		found, err = s.views.Look(r, page.Counter(), "")
	default:
		found, err = s.views.Count(r, page.Counter(), page.Site())
	}
	s.draw(w, r, page.Counter(), wanted, found.Page, err)
}

// badgeHome draws the number of the home page without counting a view.
func (s *Surfaces) badgeHome(w http.ResponseWriter, r *http.Request) {
	wanted, err := badgeOptions(r)
	if err != nil {
		s.drawError(w, http.StatusBadRequest, wanted.Style, err)
		return
	}
	found, err := s.views.Look(r, counters.Home, "")
	s.draw(w, r, counters.Home, wanted, found.Page, err)
}

// wantedBadge is the badge that a request asks for.
type wantedBadge struct {
	badge.Options
	read bool           // not to count
	zone *time.Location // of today
}

// badgeOptions returns which badge the request asks for. Along with an error it returns the
// options that are right, so that the error looks like the badge that was wanted.
func badgeOptions(r *http.Request) (wanted wantedBadge, err error) {
	values, err := respond.Parameters(r)
	if err != nil {
		return wanted, err
	}
	zone, zoned := values["tz"]
	read, readErr := respond.Flag(values, "read")
	delete(values, "read")
	delete(values, "tz")
	label := map[string]string{"today": "views today", "today-total": "views today / total"}[values.Get("show")]
	wanted.Options, err = badge.ParseOptions(values, badge.Options{Label: cmp.Or(label, "views")})
	wanted.read = read
	if err = cmp.Or(err, readErr); err != nil {
		return wanted, err
	}
	if len(zone) > 1 {
		return wanted, errors.New("the option tz is given twice")
	}
	if zoned && wanted.Show == badge.Total {
		return wanted, errors.New("the option tz says when today begins: use it with show=today or show=today-total")
	}
	wanted.zone, err = counters.ParseZone(strings.Join(zone, ""))
	return wanted, err
}

// draw answers with a badge of the numbers, or one that says that they are unavailable. The
// status is 200 in both cases, because browsers show an error as a broken image.
func (s *Surfaces) draw(w http.ResponseWriter, r *http.Request, name string, wanted wantedBadge, view counterhttp.View, err error) {
	pageviews.SetStatus(w, view, err)
	today := int64(0)
	if err == nil && wanted.Show != badge.Total {
		if err = s.mayLook(r); err == nil {
			today, err = s.counters.Today(context.WithoutCancel(r.Context()), name, wanted.zone)
		}
	}
	if err != nil || !view.Known {
		wanted.Color = badge.LightGrey()
		s.image(w, http.StatusOK, wanted.Badge("unavailable"))
		return
	}
	text := wanted.Numbers(today, view.Number)
	if view.AtLeast {
		text = "≥ " + text
	}
	s.image(w, http.StatusOK, wanted.Badge(text))
}

// drawError answers with a badge that says what is wrong with the request.
func (s *Surfaces) drawError(w http.ResponseWriter, status int, style badge.Style, err error) {
	s.image(w, status, badge.Badge{Label: "views", Message: err.Error(), Color: badge.Red(), Style: style})
}

func (s *Surfaces) image(w http.ResponseWriter, status int, b badge.Badge) {
	respond.Write(w, status, "image/svg+xml; charset=utf-8", s.drawer.Draw(b))
}

// endpoint answers with the number of the page in the format of shields.io, without counting
// a view: https://shields.io/badges/endpoint-badge.
func (s *Surfaces) endpoint(w http.ResponseWriter, r *http.Request) {
	page, ok := s.pageOf(w, r)
	if !ok {
		return
	}
	found, err := s.views.Look(r, page.Counter(), "")
	s.writeEndpoint(w, found.Page, err)
}

func (s *Surfaces) endpointHome(w http.ResponseWriter, r *http.Request) {
	if _, err := respond.Query(r); err != nil {
		badRequest(w, err)
		return
	}
	found, err := s.views.Look(r, counters.Home, "")
	s.writeEndpoint(w, found.Page, err)
}

// writeEndpoint writes no key that shields.io does not know, because it refuses those.
func (s *Surfaces) writeEndpoint(w http.ResponseWriter, view counterhttp.View, err error) {
	answer := struct {
		SchemaVersion int    `json:"schemaVersion"`
		Label         string `json:"label"`
		Message       string `json:"message"`
		Color         string `json:"color"`
		IsError       bool   `json:"isError,omitempty"`
	}{1, "views", strconv.FormatInt(view.Number, 10), "blue", false}
	switch {
	case err != nil:
		answer.Message, answer.Color, answer.IsError = "unavailable", "lightgrey", true
	case view.AtLeast:
		answer.Message = "≥ " + answer.Message
	}
	s.json(w, answer)
}

// pixel counts a view of the page in the path and answers with an invisible image. An error
// only appears in the header View-Status, because visitors would see a broken image.
func (s *Surfaces) pixel(w http.ResponseWriter, r *http.Request) {
	page, err := s.page(r)
	if _, queryErr := respond.Query(r); queryErr != nil {
		err = queryErr
	}
	if err != nil {
		pageviews.SetStatus(w, counterhttp.View{Status: counterhttp.SkippedName}, nil)
		respond.Write(w, http.StatusBadRequest, "text/plain; charset=utf-8", []byte(respond.Sentence(err)+"\n"))
		return
	}
	var found pageviews.Numbers
	if page, err = s.views.Page(page); err == nil {
		found, err = s.views.Count(r, page.Counter(), page.Site())
	}
	pageviews.SetStatus(w, found.Page, err)
	respond.Pixel(w, http.StatusOK)
}
