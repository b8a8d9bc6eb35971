package counters_test

import (
	"errors"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
)

func TestParsePage(t *testing.T) {
	keep := []string{"p", "page_id"}
	for want, addresses := range map[string][]string{
		"example.com/": {
			"example.com", "example.com/", "EXAMPLE.com", "http://example.com", "https://example.com/", "HTTPS://Example.COM:443/", "http://example.com:80",
			"//example.com", "example.com.", "example.com:", "example.com/index.html", "example.com//", "example.com/?utm_source=x", "example.com#top",
			"https://example.com?x=1#y", "  example.com/ ", "example.com/.", "example.com/a/..", "example.com/../..", "ex%61mple.com", `https:\\example.com\`,
			"example.com/index.html/index.html", "example.com:0080", "https:/example.com", "HTTP:/example.com/", "https:///example.com", `http:\example.com`,
		},
		"example.com/blog": {
			"example.com/blog", "example.com/blog/", "https://example.com/blog/index.html", "example.com/bl%6Fg", "example.com/./blog", "example.com/a/%2e%2E/blog",
			"example.com/blog?utm=1", "example.com/blog#comments", "example.com/blog/.", "example.com/blog/x/..",
		},
		"example.com/a%20b":          {"example.com/a b", "example.com/a%20b", "https://example.com/a%20b/"},
		"example.com/a+b":            {"example.com/a+b", "example.com/a%2Bb", "example.com/a%2bb"},
		"example.com/größe":          {"example.com/größe", "example.com/gr%C3%B6%c3%9fe"},
		"example.com/a%2Fb":          {"example.com/a%2fb", "example.com/a%2Fb"},
		"example.com/100%25":         {"example.com/100%", "example.com/100%25"},
		"example.com/%25zz":          {"example.com/%zz", "example.com/%25zz"},
		"example.com/a%2520b":        {"example.com/a%2520b"},
		"example.com/a%3Fb%23c":      {"example.com/a%3Fb%23c"},
		"example.com/%FF%0A":         {"example.com/%ff%0a", "example.com/%FF\n%41/../%FF%0A"},
		"example.com/%C3":            {"example.com/%c3"},
		"example.com/%C3(":           {"example.com/%c3(", "example.com/%c3%28"},
		"example.com/%EF%BF%BD":      {"example.com/%EF%BF%BD"},
		"example.com/%C2%85":         {"example.com/%C2%85"},
		"example.com/%5C":            {"example.com/%5c"},
		"example.com/a//b":           {"example.com/a//b"},
		"example.com/index.htm":      {"example.com/index.htm"},
		"example.com/xindex.html":    {"example.com/xindex.html"},
		"example.com/a:b://c":        {"example.com/a:b://c"},
		"example.com/?p=12":          {"example.com/?p=12", "https://example.com?p=12", "example.com/?utm=1&p=12#x", "example.com/index.html?p=%31%32"},
		"example.com/b?p=1&p=2":      {"example.com/b/?p=1&x=3&p=2"},
		"example.com/?p=1&page_id=2": {"example.com/?page_id=2&p=1", "example.com/?p=1&page_id=2"},
		"example.com/?p=a+%26%C3%BC": {"example.com/?p=a%20%26ü", "example.com/?p=a+%26%C3%BC"},
		"example.com/?p=1%3B2":       {"example.com/?p=1;2", "example.com/?p=1%3b2"},
		"example.com/?p=100%25":      {"example.com/?p=100%", "example.com/?p=100%25&&=x"},
		"example.com/?p=%25zz%25":    {"example.com/?p=%zz%"},
		"example.com/?p=a%3Db":       {"example.com/?p=a=b"},
		"example.com/?p=":            {"example.com/?p", "example.com/?&p=", "example.com/?%70"},
		"example.com:8080/":          {"http://example.com:8080", "example.com:8080/"},
		"xn--bcher-kva.example/ü":    {"bücher.example/ü", "BÜCHER.example/%c3%bc", "xn--bcher-kva.example/ü"},
		"xn--strae-oqa.example/":     {"straße.example"},
		"my_site.example.com/":       {"my_site.example.com"},
		"localhost:8000/x":           {"localhost:8000/x"},
		"[2001:db8::1]/x":            {"http://[2001:DB8:0::1]/x", "[2001:db8::1]:80/x"},
		"[::1]:8000/":                {"[::1]:8000"},
		"[::1]/x":                    {"%5B::1%5D/x", "%5b%3A:1%5d%3a0080/x"},
		"127.0.0.1/":                 {"127.0.0.1"},
	} {
		for _, address := range addresses {
			page, err := counters.ParsePage(address, keep)
			if err != nil || page.String() != want || page.Counter() != "views:"+want || page.Site() != "site:"+page.Host {
				t.Errorf("%q is %+v, %v; want %q", address, page, err, want)
			}
		}
	}
}

func TestParsePageDropsQueries(t *testing.T) {
	if page, err := counters.ParsePage("example.com/a?p=1&q", nil); err != nil || page.String() != "example.com/a" {
		t.Errorf("%q, %v; want no query", page, err)
	}
}

func TestParsePageRefuses(t *testing.T) {
	for address, want := range map[string]string{
		"":                                "no host",
		"/":                               "no host",
		"/path":                           "no host",
		"?x":                              "no host",
		"https://":                        "no host",
		".":                               "no host",
		"ftp://example.com/":              "its scheme is ftp",
		"javascript://example.com/%0aa":   "its scheme is javascript",
		"user:pass@example.com/":          "a login",
		"example.com:port/":               "its port",
		"example.com:123456/":             "its port",
		"example.com:65536/":              "its port",
		"example.com:0/":                  "its port",
		"example.com:+80/":                "its port",
		"a%40example.com/":                "login",
		"exa mple.com/":                   "part of a host",
		"a..b/":                           "part of a host",
		"<b>/":                            "part of a host",
		"example.com%2Fa":                 "part of a host",
		"ex%zzample.com":                  "invalid URL escape",
		"[::1":                            "IPv6",
		"[127.0.0.1]/":                    "IPv6",
		"[fe80::1%25eth0]/":               "IPv6",
		"0%80/":                           "looked up",
		"xn--a.example/":                  "looked up",
		"example.com/\xff":                "UTF-8",
		strings.Repeat("a", 64) + ".com":  "part of a host",
		"example.com/" + longPath(507):    "longer than 506 bytes",
		strings.Repeat("a.", 127) + "com": "longer than 253 bytes",
	} {
		page, err := counters.ParsePage(address, nil)
		if !errors.Is(err, counters.ErrAddress) || !strings.Contains(err.Error(), want) || page != (counters.Page{}) {
			t.Errorf("%.40q is %+v, %v; want %q", address, page, err, want)
		}
	}
}

func longPath(n int) string { return strings.Repeat("x", n-len("example.com/")) }

// An address names the same page whether it is written out in a path or escaped as a whole.
func TestUnescapePage(t *testing.T) {
	for _, address := range []string{
		"https://example.com/a%20b", "example.com/a%20b", "https://example.com/a%2520b", "example.com/a%2Fb/c", "example.com", "https://example.com/100%25/",
		"https://bücher.example/ü?p=1&x=%2F#y",
	} {
		want, err := counters.ParsePage(address, []string{"p"})
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range []string{url.PathEscape(address), url.QueryEscape(address)} {
			segment = strings.ReplaceAll(segment, "+", "%20")
			unescaped, err := counters.UnescapePage(segment)
			if err != nil || unescaped != address {
				t.Errorf("%q is %q, %v; want %q", segment, unescaped, err, address)
			}
		}
		written, _, _ := strings.Cut(address, "?")
		unescaped, err := counters.UnescapePage(written)
		if got, parseErr := counters.ParsePage(unescaped, nil); err != nil || parseErr != nil || got.Host != want.Host {
			t.Errorf("%q is %q, %v, %v; want %q", written, got, err, parseErr, want)
		}
	}
	if _, err := counters.UnescapePage("a%zz"); !errors.Is(err, counters.ErrAddress) {
		t.Errorf("%v; want ErrAddress", err)
	}
}

func TestEscaped(t *testing.T) {
	for address, want := range map[string]string{
		"example.com":                 "example.com/",
		"example.com:8080/a(b)'\"<i>": "example.com:8080/a%28b%29%27%22%3Ci%3E",
		"bücher.example/ü":            "xn--bcher-kva.example/%C3%BC",
		"example.com/a%2Fb c":         "example.com/a%2Fb%20c",
		"example.com/?p=1&x=2":        "example.com%2F%3Fp%3D1",
		"example.com/a//b":            "example.com%2Fa%2F%2Fb",
		"[::1]:8000/a":                "%5B%3A%3A1%5D%3A8000%2Fa",
	} {
		page, err := counters.ParsePage(address, []string{"p"})
		if err != nil || page.Escaped() != want {
			t.Errorf("%q is %q, %v; want %q", address, page.Escaped(), err, want)
		}
	}
}

// FuzzParsePage: the normal form of a normal form is itself, and every one can be
// counted.
func FuzzParsePage(f *testing.F) {
	for _, address := range []string{
		"https://Example.com:443/a/../b%2f/index.html?p=1&p=%zz#x", "//a//b/.", "[::1]:80/%", "ü.example/%C3%", `a\b`, "a:1/?p", "xn--a", "1.2.3.4/%EF%BF%BD", "a/%ed%a0%80", "。a",
	} {
		f.Add(address)
	}
	keep := []string{"p", "ü", "a b"}
	f.Fuzz(func(t *testing.T, address string) {
		page, err := counters.ParsePage(address, keep)
		if err != nil {
			if !errors.Is(err, counters.ErrAddress) || !utf8.ValidString(err.Error()) || len(err.Error()) > 1000 {
				t.Errorf("%q: %v", address, err)
			}
			return
		}
		if again, err := counters.ParsePage(page.String(), keep); err != nil || again != page {
			t.Errorf("%q is %q, which is %q, %v", address, page, again, err)
		}
		if err := counter.CheckName(page.Counter()); err != nil {
			t.Error(err)
		}
		if err := counter.CheckName(page.Site()); err != nil {
			t.Error(err)
		}
		unescaped, err := counters.UnescapePage(url.PathEscape(page.String()))
		if err != nil || unescaped != page.String() {
			t.Errorf("%q escaped is %q, %v", page, unescaped, err)
		}
		escaped := page.Escaped()
		if strings.ContainsAny(escaped, "\"'<>()[]&|;$`\\*?#! \n") || strings.ContainsFunc(escaped, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q is written %q in a URL", page, escaped)
		}
		if unescaped, err = counters.UnescapePage(escaped); err != nil {
			t.Errorf("%q: %v", escaped, err)
		} else if again, err := counters.ParsePage(unescaped, keep); err != nil || again != page {
			t.Errorf("%q in a URL is %q, %v; want %q", escaped, again, err, page)
		}
	})
}

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

// A host in lower case, which may be taken as it is, is the page that it is in upper case, when the
// rules of IDNA decide.
func TestParsePageByIDNA(t *testing.T) {
	taken := 0
	for range 100_000 {
		host, letters := make([]byte, 1+rand.IntN(8)), "abxn019-."
		if rand.IntN(100) == 0 { // a label may have 63
			host, letters = make([]byte, 60+rand.IntN(8)), "ax0"
		}
		for i := range host {
			host[i] = letters[rand.IntN(len(letters))]
		}
		got, err := counters.ParsePage(string(host), nil)
		want, errWant := counters.ParsePage(strings.ToUpper(string(host)), nil)
		if got != want || (err == nil) != (errWant == nil) {
			t.Fatalf("%q is %v, %v; in upper case %v, %v", host, got, err, want, errWant)
		}
		if err == nil {
			taken++
		}
	}
	if taken < 1000 {
		t.Errorf("only %d hosts were taken", taken)
	}
}
