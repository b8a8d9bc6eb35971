package respond

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Parameters returns the query of the request. Unlike [url.URL.Query] it refuses what
// can't be read. Without a query it returns nil. [Sentence] says to the client what the error is.
func Parameters(r *http.Request) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return nil, nil // as most requests are
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the query can't be read: %w", err)
	}
	return values, nil
}

// Query is [Parameters] of a request that can have those of the options that are allowed,
// each once, and no other.
func Query(r *http.Request, allowed ...string) (url.Values, error) {
	values, err := Parameters(r)
	if err != nil {
		return nil, err
	}
	for name, given := range values {
		switch {
		case len(allowed) == 0:
			return nil, fmt.Errorf("the query option %.40q does not exist here: there are none", name)
		case !slices.Contains(allowed, name):
			return nil, fmt.Errorf("the query option %.40q does not exist here: use %s", name, strings.Join(allowed, ", "))
		case len(given) > 1:
			return nil, errors.New("the query option " + name + " is given twice")
		}
	}
	return values, nil
}

// Flag reports whether an option that needs no value is there: name, name=1 or name=true.
func Flag(values url.Values, name string) (bool, error) {
	given, ok := values[name]
	if ok && (len(given) > 1 || given[0] != "" && given[0] != "true" && given[0] != "1") {
		return false, fmt.Errorf("the option %s is written ?%s, with no value", name, name)
	}
	return ok, nil
}

// Sentence returns an error that begins in lower case, and has no full stop, as a sentence. It
// must not begin with a name: the name of an option or a file would get a capital.
func Sentence(err error) string {
	text := []byte(err.Error())
	if len(text) > 0 && text[0] >= 'a' && text[0] <= 'z' {
		text[0] -= 'a' - 'A'
	}
	return string(append(text, '.'))
}
