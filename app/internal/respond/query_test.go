package respond_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/herokuapp/app/internal/respond"
)

func TestQuery(t *testing.T) {
	for query, want := range map[string]string{
		"":              "",
		"after=x":       "",
		"limit=&after=": "",
		"after":         "",
		"x=1":           `the query option "x" does not exist here: use after, limit`,
		"after=1&after": "the query option after is given twice",
		"after=1;x=2":   "the query can't be read",
		"after=%zz":     "the query can't be read",
		"after=%ff":     "", // what a value may be is said elsewhere
		"%0d%0aSet-Cookie=" + strings.Repeat("x", 5000): `the query option "\r\nSet-Cookie" does not`,
	} {
		_, err := respond.Query(request(t, query), "after", "limit")
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v; want %q", query, err, want)
		}
	}
	if _, err := respond.Query(request(t, "x")); err == nil || !strings.HasSuffix(err.Error(), "there are none") {
		t.Errorf("%v; want that there are none", err)
	}
}

// FuzzQuery: a query is read whole or refused with a short line that can be shown.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"after=x&limit=3", "a;b", "%zz", "after&after", "=", "&&", "%00=1", "%ff=", "after=%0d%0a"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := respond.Query(request(t, query), "after", "limit")
		if err != nil {
			text := respond.Sentence(err)
			if len(text) > 300 || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
				t.Errorf("%q: %q", query, text)
			}
			return
		}
		for name, given := range values {
			if name != "after" && name != "limit" || len(given) != 1 {
				t.Errorf("%q has %q=%q", query, name, given)
			}
		}
	})
}

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{"its port is wrong": "Its port is wrong.", `"x" is wrong`: `"x" is wrong.`, "": ".", "üb": "üb."} {
		if got := respond.Sentence(errors.New(text)); got != want {
			t.Errorf("%q is %q; want %q", text, got, want)
		}
	}
}

// request has the query as it is written.
func request(t *testing.T, query string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.URL.RawQuery = query
	return r
}
