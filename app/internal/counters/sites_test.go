package counters_test

import (
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/counters"
)

func TestSites(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":  {"example.com": "example.com", "localhost:1": "localhost:1"},
		" ": {"example.com": "example.com"},
		"example.com, *.Example.org,www.example.com = EXAMPLE.com:443,bücher.example,": {
			"example.com": "example.com", "www.example.com": "example.com", "other.example.com": "",
			"a.example.org": "a.example.org", "a.b.example.org": "a.b.example.org", "example.org": "", "notexample.org": "",
			"xn--bcher-kva.example": "xn--bcher-kva.example", "example.com:8080": "", "": "",
		},
		"*.example.org=example.org,blog.example.org": {
			"www.example.org": "example.org", "example.org": "example.org", "blog.example.org": "blog.example.org",
		},
		"a.example=b.example,b.example=c.example": {"a.example": "b.example", "b.example": "c.example", "c.example": "c.example"},
		"b.example=c.example,a.example=b.example": {"a.example": "b.example", "b.example": "c.example"},
		"localhost:8080,[::1]":                    {"localhost:8080": "localhost:8080", "localhost": "", "[::1]": "[::1]"},
	} {
		sites, err := counters.ParseSites(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got := sites.Any(); got != (strings.TrimSpace(text) == "") {
			t.Errorf("%q: Any is %t", text, got)
		}
		for host, want := range want {
			if got, ok := sites.Host(host); got != want || ok != (want != "") {
				t.Errorf("%q: %q is counted under %q, %t; want %q", text, host, got, ok, want)
			}
		}
	}
}

func TestParseSitesRefuses(t *testing.T) {
	for _, part := range []string{"*", "https://example.com", "example.com/blog", "a b", "=b", "a=", "*.", "a=*.b", "a=b=c"} {
		_, err := counters.ParseSites("example.com," + part)
		if err == nil || !strings.Contains(err.Error(), "is not a site") || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v; want an error that names it", part, err)
		}
	}
}
