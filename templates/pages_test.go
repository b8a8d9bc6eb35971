package templates_test

import (
	"crypto/sha256"
	"encoding/base64"
	"math"
	"regexp"
	"strings"
	"testing"

	"example.com/herokuapp/templates"
)

func newPages(t *testing.T) *templates.Pages {
	t.Helper()
	pages, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func TestHome(t *testing.T) {
	pages := newPages(t)
	for views, sentence := range map[int64]string{
		1:             "<p>This page was viewed 1 times.</p>",
		1234567:       "<p>This page was viewed 1234567 times.</p>",
		math.MaxInt64: "<p>This page was viewed 9223372036854775807 times.</p>",
		-3:            "<p>This page was viewed -3 times.</p>",
	} {
		html := pages.Home(templates.Home{Views: views})
		wantAll(t, string(html), sentence, "<!DOCTYPE html>", `<html lang="en">`, `<meta charset="utf-8">`,
			`<meta name="viewport"`, "<title>Hello, world!</title>", "<h1>Hello, world!</h1>")
	}
}

// The policy allows the script that the page has, whatever it shows.
func TestHomePolicy(t *testing.T) {
	pages := newPages(t)
	for _, data := range []templates.Home{{Views: 1}, {Views: math.MaxInt64, AtLeast: true}} {
		html := pages.Home(data)
		scripts := regexp.MustCompile(`(?s)<script[^>]*>(.*?)</script>`).FindAllSubmatch(html, -1)
		if len(scripts) != 1 || !strings.Contains(string(scripts[0][1]), "pageshow") {
			t.Fatalf("the scripts are %q; want the one for Back", scripts)
		}
		sum := sha256.Sum256(scripts[0][1])
		want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
		if policy := pages.HomePolicy(); !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, want) {
			t.Errorf("the policy is %q; want it to have %q", policy, want)
		}
	}
}

func TestHomeAtLeast(t *testing.T) {
	html := newPages(t).Home(templates.Home{Views: 42, AtLeast: true})
	wantAll(t, string(html), "<p>This page was viewed at least 42 times.</p>")
}

func TestProblem(t *testing.T) {
	const hostile = `</title><script>alert("1")</script>&amp;`
	html, err := newPages(t).Problem(templates.Problem{Title: hostile, Text: hostile, Detail: hostile})
	if err != nil {
		t.Fatal(err)
	}
	wantAll(t, string(html), `lang="en"`, `<meta charset="utf-8">`, `<meta name="viewport"`, "<pre>")
	if strings.Contains(string(html), "<script>") {
		t.Errorf("not escaped: %s", html)
	}
	if got := strings.Count(string(html), "&lt;script&gt;"); got != 4 {
		t.Errorf("%d of 4 places show the escaped text: %s", got, html)
	}
}

func TestProblemWithoutDetail(t *testing.T) {
	html, err := newPages(t).Problem(templates.Problem{Title: "a", Text: "b"})
	if err != nil {
		t.Fatal(err)
	}
	wantAll(t, string(html), "<title>a</title>", "<h1>a</h1>", "<p>b</p>")
	if strings.Contains(string(html), "<pre>") {
		t.Errorf("an empty detail is shown: %s", html)
	}
}

func wantAll(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(html, part) {
			t.Errorf("lacks %q: %s", part, html)
		}
	}
}

func BenchmarkHome(b *testing.B) {
	pages, err := templates.New()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		pages.Home(templates.Home{Views: 1234567})
	}
}

func TestHomeLinksToItsStats(t *testing.T) {
	for _, stats := range []bool{true, false} {
		html := string(newPages(t).Home(templates.Home{Views: 5, AtLeast: true, Stats: stats}))
		if strings.Contains(html, `<a href="/stats">`) != stats || !strings.Contains(html, "at least 5 times") {
			t.Errorf("with a link: %t: %s", stats, html)
		}
	}
}
