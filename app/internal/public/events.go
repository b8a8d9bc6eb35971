package public

import (
	"encoding/json"
	"fmt"
	"net/http"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
)

// events streams the number of a page, or with ?site that of its whole site, as it changes.
func (s *Surfaces) events(w http.ResponseWriter, r *http.Request) {
	values, err := respond.Query(r, "site")
	if err != nil {
		badRequest(w, err)
		return
	}
	site, err := respond.Flag(values, "site")
	if err != nil {
		badRequest(w, err)
		return
	}
	page, ok := s.countedPage(w, r)
	if !ok {
		return
	}
	about := subject{name: page.String(), counter: page.Counter()}
	if site {
		about = subject{name: page.Host, counter: page.Site()}
	}
	s.stream(w, r, about)
}

// eventsHome streams the number of the home page as it changes.
func (s *Surfaces) eventsHome(w http.ResponseWriter, r *http.Request) {
	if _, err := respond.Query(r); err != nil {
		badRequest(w, err)
		return
	}
	s.stream(w, r, subject{counter: counters.Home})
}

func (s *Surfaces) stream(w http.ResponseWriter, r *http.Request, about subject) {
	s.hub.Stream(w, r, about.counter, ": "+about.name+"\nretry: 5000\n\n", func(value int64) string { return event(about.name, value) })
}

// event returns the event for a number.
func event(name string, value int64) string {
	data, _ := json.Marshal(struct { // can always be encoded
		Name  string `json:"name"`
		Value int64  `json:"value"`
	}{name, value})
	return fmt.Sprintf("data: %s\n\n", data)
}
