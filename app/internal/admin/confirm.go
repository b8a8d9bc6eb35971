package admin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

// confirm shows what an action would change, in a form. When the form comes back, it carries out
// the action.
func (s *site) confirm(action counters.Action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formSize)
		if err := r.ParseForm(); err != nil {
			s.pageProblem(w, r, http.StatusBadRequest, "This form can't be read.", templates.AdminName{})
			return
		}
		c := counters.Change{Action: action, Name: r.PostForm.Get("name"), By: "page", Request: respond.RequestID(r)}
		if err := counters.CheckName(c.Name); err != nil {
			s.pageProblem(w, r, statusOf(err), counters.Explain(err), templates.AdminName{})
			return
		}
		var err error
		if c.Value, err = counters.ParseValue(action, r.PostForm.Get("value")); err != nil {
			s.askValue(w, r, http.StatusUnprocessableEntity, c, err.Error()+".")
			return
		}
		s.ask(w, r, c)
	}
}

// askValue shows the counter's page again, with the text that was typed and what is wrong with
// it.
func (s *site) askValue(w http.ResponseWriter, r *http.Request, status int, c counters.Change, message string) {
	data := templates.AdminCounter{AdminName: named(c.Name), Place: placeOf(r.PostForm), Message: message}
	switch c.Action {
	case counters.Add:
		data.Add = r.PostForm.Get("value")
	case counters.Set:
		data.Set = r.PostForm.Get("value")
	case counters.Reset:
	}
	s.showCounter(w, r, status, data)
}

// ask shows what would change, or carries out what was shown before. If the value has
// changed in the meantime, it asks once more, but not a third time: visitors may be quicker
// than the owner. An addition does not depend on the value, so it never asks again.
func (s *site) ask(w http.ResponseWriter, r *http.Request, c counters.Change) {
	now, err := s.counters.Get(context.WithoutCancel(r.Context()), c.Name)
	adds := c.Action == counters.Add
	if adds && err == nil && now > math.MaxInt64-c.Value {
		err = counter.ErrOverflow
	}
	seen, seenErr := strconv.ParseInt(r.PostForm.Get("seen"), 10, 64)
	asked := seenErr == nil
	form := templates.AdminConfirm{
		Action: string(c.Action), AdminName: named(c.Name), Place: placeOf(r.PostForm),
		Before: now, After: c.Value, Value: c.Value, Once: s.once.token(), Again: asked,
	}
	status := http.StatusOK
	switch {
	case err != nil && (!adds || !asked || errors.Is(err, counter.ErrOverflow)): // the store may keep an addition
		s.askValue(w, r, statusOf(err), c, counters.Explain(err))
		return
	case asked && (adds || seen == now || r.PostForm.Get("again") != ""):
		s.carryOut(w, r, c)
		return
	case asked:
		status, form.Message = http.StatusConflict, fmt.Sprintf("The counter has changed since then, from %s to %s.",
			templates.Grouped(seen), templates.Grouped(now))
	case adds:
		form.After = now + c.Value
	}
	html, err := s.pages.AdminConfirm(form)
	s.html(w, r, status, html, err)
}

// carryOut carries out a form, but only once.
func (s *site) carryOut(w http.ResponseWriter, r *http.Request, c counters.Change) {
	if !s.once.use(r.PostForm.Get("once")) {
		s.pageProblem(w, r, http.StatusConflict, "This form was already sent, and is carried out only once.", named(c.Name))
		return
	}
	done := string(c.Action)
	err := s.counters.Do(context.WithoutCancel(r.Context()), c)
	if c.Action == counters.Add && errors.Is(err, counter.ErrPending) {
		done, err = donePending, nil
	}
	if err != nil {
		s.pageProblem(w, r, statusOf(err), counters.Explain(err), named(c.Name))
		return
	}
	query := placeOf(r.PostForm).Values()
	query.Set("name", c.Name)
	query.Set("done", done)
	http.Redirect(w, r, "/admin/counter?"+query.Encode(), http.StatusSeeOther) //nolint:gosec // a path of ours, whatever the query
}
