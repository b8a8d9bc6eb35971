package admin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/templates"
)

// donePending is an addition that was accepted, and is not counted yet.
const donePending = "pending"

// confirm does action to a counter, after it has asked once more: the form that
// it shows carries the value that was seen.
func (s *site) confirm(action string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formSize)
		if err := r.ParseForm(); err != nil {
			s.pageProblem(w, r, http.StatusBadRequest, "This form can't be read.", "")
			return
		}
		c := change{action: action, name: r.PostForm.Get("name"), by: "page", request: requestID(r)}
		if err := checkName(c.name); err != nil {
			s.nameProblem(w, r, err)
			return
		}
		var err error
		if c.value, err = parseAction(action, r.PostForm.Get("value")); err != nil {
			s.askValue(w, r, http.StatusUnprocessableEntity, c, err.Error()+".")
			return
		}
		s.ask(w, r, c)
	}
}

// parseAction reads the number an action takes.
func parseAction(action, text string) (int64, error) {
	switch action {
	case actionAdd:
		return parseDelta(text)
	case actionSet:
		return parseValue(text)
	default:
		return 0, nil
	}
}

// askValue shows the counter's page again, with what is wrong and what was typed.
func (s *site) askValue(w http.ResponseWriter, r *http.Request, status int, c change, message string) {
	data := templates.AdminCounter{Name: c.name, Message: message}
	switch c.action {
	case actionAdd:
		data.Add = r.PostForm.Get("value")
	case actionSet:
		data.Set = r.PostForm.Get("value")
	}
	s.showCounter(w, r, status, data)
}

// ask shows what would change, and does it once it is asked for with what was
// shown. A value that has changed since does not matter to an addition; for the others
// it is shown and asked once more, and not again: visitors may be quicker than the owner.
func (s *site) ask(w http.ResponseWriter, r *http.Request, c change) {
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	now, err := s.store.Get(ctx, c.name)
	form := templates.AdminConfirm{
		Action: c.action, Title: title(c), Name: c.name,
		Before: now, After: c.value, Value: c.value, Once: s.once.token(),
	}
	seen, seenErr := strconv.ParseInt(r.PostForm.Get("seen"), 10, 64)
	asked := seenErr == nil
	switch {
	case err != nil && (c.action != actionAdd || !asked): // an addition may be kept
		status, text := explain(err)
		s.askValue(w, r, status, c, text)
	case c.action == actionAdd && err == nil && now > math.MaxInt64-c.value:
		status, text := explain(counter.ErrOverflow)
		s.askValue(w, r, status, c, text)
	case asked && (c.action == actionAdd || seen == now || r.PostForm.Get("again") != ""):
		s.carryOut(w, r, c)
	case asked:
		form.Message = fmt.Sprintf("The counter has changed meanwhile, from %d to %d.", seen, now)
		form.Again = true
		html, err := s.pages.AdminConfirm(form)
		s.html(w, r, http.StatusConflict, html, err)
	default:
		if c.action == actionAdd {
			form.After = now + c.value
		}
		html, err := s.pages.AdminConfirm(form)
		s.html(w, r, http.StatusOK, html, err)
	}
}

// title says what is asked.
func title(c change) string {
	switch c.action {
	case actionAdd:
		return fmt.Sprintf("Add %d", c.value)
	case actionSet:
		return fmt.Sprintf("Set to %d", c.value)
	default:
		return "Reset"
	}
}

// carryOut does what was asked for, once.
func (s *site) carryOut(w http.ResponseWriter, r *http.Request, c change) {
	if !s.once.use(r.PostForm.Get("once")) {
		s.pageProblem(w, r, http.StatusConflict, "This was sent before, and is carried out once only.", c.name)
		return
	}
	var err error
	if c.action == actionAdd {
		err = s.add(r.Context(), c)
	} else {
		err = s.set(r.Context(), c)
	}
	switch {
	case c.action == actionAdd && errors.Is(err, counter.ErrPending):
		http.Redirect(w, r, counterPath(c.name, donePending), http.StatusSeeOther)
	case err != nil:
		status, text := explain(err)
		s.pageProblem(w, r, status, text, c.name)
	default:
		http.Redirect(w, r, counterPath(c.name, c.action), http.StatusSeeOther)
	}
}
