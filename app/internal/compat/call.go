package compat

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/app/internal/respond"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/counterhttp"
)

// row is an address of a service.
type row struct {
	// services are those that have the address. It is served if one of them is on.
	services []string
	// method is GET if it is empty.
	method string
	// path is in mux's syntax. The first row that matches an address has it.
	path string
	// script is what the address serves. If it is set, the fields below are not used.
	script []byte
	// name returns what the request names, or an error that says what is wrong with it.
	name func(*call) (target, error)
	// does decides what the request does. If it is nil, the request counts a view.
	does func(*call) action
	// callback is the parameter with the name of the function that the answer calls. With
	// orJSON it may be missing.
	callback string
	orJSON   bool
	// number is the parameter with the number to set or to add.
	number string
	// answer writes the answer, or what is wrong in the form in which the service says it.
	answer func(http.ResponseWriter, *call, outcome)
}

func (r row) methods() []string {
	if r.method == "" {
		return []string{http.MethodGet}
	}
	return []string{r.method}
}

// target is what a request names.
type target struct {
	// page is where it is counted.
	page counters.Page
	// onSite reports whether the page is on a site: then its views are added to the site's,
	// and SITES may exclude it. Keys of a service are on no site.
	onSite bool
	// space and key are the parts of a key, as the service calls them.
	space, key string
}

func (t target) counter() string { return t.page.Counter() }

func (t target) site() string {
	if !t.onSite {
		return ""
	}
	return t.page.Site()
}

// call is a request.
type call struct {
	*http.Request
	*Services
	values url.Values // of the query, without what can't be read
}

// param returns a parameter of the query, empty if there is none.
func (c *call) param(name string) string { return c.values.Get(name) }

// segment returns a variable of the path, without escapes.
func (c *call) segment(name string) string {
	escaped := c.PathValue(name)
	if text, err := url.PathUnescape(escaped); err == nil {
		return text
	}
	return escaped
}

// outcome is what became of a request.
type outcome struct {
	target
	pageviews.Numbers
	// bad says that err is about the request itself: it names nothing.
	bad bool
	err error
	// denied says that only the owner may do this. The numbers are known all the same.
	denied bool
	does   action
	before int64 // the number before the owner set it
}

// number returns the page's number. It is false if the number is not known.
func (o outcome) number() (int64, bool) { return o.Page.Number, o.err == nil && o.Page.Known }

// refused reports whether nothing was counted because of one of the owner's rules.
func (o outcome) refused() bool {
	return errors.Is(o.err, pageviews.ErrSite) || errors.Is(o.err, counters.ErrQuota)
}

// handler returns the handler of a row.
func (s *Services) handler(row row) http.HandlerFunc {
	if row.script != nil {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=3600")
			respond.Write(w, http.StatusOK, "text/javascript; charset=utf-8", row.script)
		}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		values, _ := url.ParseQuery(r.URL.RawQuery) // without what can't be read
		c := &call{Request: r, Services: s, values: values}
		if p := row.callback; p != "" && (values.Has(p) || !row.orJSON) && !isCallback(c.param(p)) {
			writeText(w, http.StatusBadRequest, p+" is not the name of a function")
			return
		}
		o := s.do(context.WithoutCancel(r.Context()), c, row)
		pageviews.SetStatus(w, o.Page, o.err)
		if o.err != nil && !o.bad && !o.refused() && !errors.Is(o.err, counter.ErrPending) {
			s.views.LogFault(r, o.page.String(), o.err)
		}
		row.answer(w, c, o)
	}
}

// do does what the request asks for.
func (s *Services) do(ctx context.Context, c *call, row row) (o outcome) {
	o.target, o.err = row.name(c)
	if o.err != nil {
		o.bad = true
		o.Page.Status = counterhttp.SkippedName
		return o
	}
	if o.onSite {
		if o.page, o.err = s.views.Page(o.page); o.err != nil {
			return o
		}
	}
	if row.does != nil {
		o.does = row.does(c)
	}
	switch o.does {
	case ignore:
	case count:
		o.Numbers, o.err = s.views.Count(c.Request, o.counter(), o.site())
	case read:
		o.Numbers, o.err = s.views.Look(c.Request, o.counter(), o.site())
	case set, add, deny:
		s.change(ctx, c, row.number, &o)
	}
	return o
}

// change sets the counter, or adds to it, if the request has the owner's token. Otherwise, and
// for HEAD, it only reads the counter.
func (s *Services) change(ctx context.Context, c *call, parameter string, o *outcome) {
	if o.Numbers, o.err = s.views.Look(c.Request, o.counter(), ""); o.err != nil {
		return
	}
	change := counters.Change{Action: counters.Set, Name: o.counter(), By: "compat", Request: respond.RequestID(c.Request)}
	if o.does == add {
		change.Action = counters.Add
	}
	if o.denied = o.does == deny || c.Method == http.MethodHead || !s.owner.HasToken(c.Request); o.denied {
		return
	}
	change.Value, o.err = counters.ParseValue(change.Action, c.param(parameter))
	if o.bad = o.err != nil; o.bad {
		return
	}
	o.before = o.Page.Number
	if o.err = s.counters.Do(ctx, change); o.err != nil {
		return
	}
	o.Page = counterhttp.View{Number: change.Value, Known: true}
	if o.does == add {
		o.Page.Number = plus(o.before, change.Value)
	}
}

// plus adds without an overflow.
func plus(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
