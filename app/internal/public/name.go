package public

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"example.com/herokuapp/app/internal/counters"
)

// queryError says what is wrong with the query of a request.
type queryError struct{ text string }

func (e queryError) Error() string { return e.text }

// page returns the page that the variable "name" of the request's path names.
func (s *Surfaces) page(r *http.Request) (counters.Page, error) {
	address, err := counters.UnescapePage(mux.Vars(r)["name"])
	if err != nil {
		return counters.Page{}, err
	}
	return counters.ParsePage(address, s.keep)
}

// query returns the parameters of the request, which may be those that are allowed,
// each once.
func query(r *http.Request, allowed ...string) (url.Values, error) {
	values, err := parameters(r)
	if err != nil {
		return nil, err
	}
	for name, given := range values {
		if !slices.Contains(allowed, name) {
			return nil, queryError{fmt.Sprintf("the query option %.40q does not exist here%s", name, listed(allowed))}
		}
		if len(given) > 1 {
			return nil, queryError{fmt.Sprintf("the query option %.40q is given twice", name)}
		}
	}
	return values, nil
}

// parameters returns the query of the request. Unlike [url.URL.Query] it refuses what
// can't be read.
func parameters(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, queryError{"the query can't be read: " + err.Error()}
	}
	return values, nil
}

func listed(names []string) string {
	if len(names) == 0 {
		return "; there are none"
	}
	return "; use " + strings.Join(names, ", ")
}
