package public

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/herokuapp/app/internal/pageviews"
	"example.com/herokuapp/counter-core/counterhttp"
)

// Requests that count a view get the same answer as those that only read the number.
func TestNumberIsWrittenAsEncoded(t *testing.T) {
	s := &Surfaces{noStore: []string{"no-store"}}
	for _, name := range []string{"", "example.com/", `example.com/"\<&>` + "\u2028é", "example.com/\xff"} {
		for _, page := range []counterhttp.View{
			{},
			{Number: 3, Known: true, Status: counterhttp.Counted},
			{Number: math.MinInt64, Known: true},
			{Number: math.MaxInt64, Known: true, AtLeast: true, Status: counterhttp.Pending},
			{Status: counterhttp.SkippedRate},
		} {
			for _, site := range []counterhttp.View{{}, {Number: 9, Known: true}, {Number: 9, Known: true, AtLeast: true}} {
				found := pageviews.Numbers{Page: page, Site: site}
				w := httptest.NewRecorder()
				s.writeNumber(w, http.StatusOK, name, found)
				want, err := json.Marshal(newNumber(name, found))
				if err != nil {
					t.Fatal(err)
				}
				if got := w.Body.String(); got != string(want)+"\n" {
					t.Errorf("%s; want %s", got, want)
				}
			}
		}
	}
}
