package counters_test

import (
	"errors"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/counters"
)

// A key is a page below its service, so all surfaces name it alike.
func TestParseKey(t *testing.T) {
	for key, want := range map[string]string{
		"octocat":                "views:svc/octocat",
		"octo/repo":              "views:svc/octo/repo",
		"octo.repo":              "views:svc/octo.repo",
		"https://a.example/b?c#": "views:svc/https://a.example/b%3Fc%23",
		"50%":                    "views:svc/50%25",
		"%2e%2e":                 "views:svc/%252e%252e",
		"a b":                    "views:svc/a%20b",
		`a\b`:                    "views:svc/a%5Cb",
		"日本":                     "views:svc/日本",
		"a/":                     "views:svc/a",
	} {
		page, err := counters.ParseKey("svc", key)
		if err != nil || page.Counter() != want {
			t.Errorf("%q: %q, %v; want %q", key, page.Counter(), err, want)
		}
		if again, err := counters.ParsePage(page.String(), nil); err != nil || again != page {
			t.Errorf("%q: %v is %v as a page, %v", key, page, again, err)
		}
	}
	for _, key := range []string{"", "/", ".", "..", "a/../b", "./a", "\xff", strings.Repeat("x", 600)} {
		if page, err := counters.ParseKey("svc", key); !errors.Is(err, counters.ErrAddress) {
			t.Errorf("%q: %v, %v; want ErrAddress", key, page, err)
		}
	}
}

func TestOnlySite(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "example.com": "example.com", "www.example.com=example.com": "example.com", "example.com,example.org": "", "*.example.com": "",
		"*.example.com=example.com": "", "Example.com:443": "example.com",
	} {
		sites, err := counters.ParseSites(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := sites.Only(); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
}
