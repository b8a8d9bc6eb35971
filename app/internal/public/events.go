package public

import (
	"encoding/json"
	"fmt"
	"net/http"

	"example.com/herokuapp/app/internal/counters"
)

// events streams the number of a page as it changes.
func (s *Surfaces) events(w http.ResponseWriter, r *http.Request) {
	page, ok := s.pageOf(w, r)
	if !ok {
		return
	}
	s.hub.Stream(w, r, page.Counter(), ": "+page.String()+"\nretry: 5000\n\n", func(value int64) string { return event(page, value) })
}

// event returns the event for a number.
func event(page counters.Page, value int64) string {
	data, _ := json.Marshal(struct { // can always be encoded
		Name  string `json:"name"`
		Value int64  `json:"value"`
	}{page.String(), value})
	return fmt.Sprintf("data: %s\n\n", data)
}
