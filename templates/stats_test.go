package templates_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"example.com/herokuapp/templates"
	"example.com/herokuapp/templates/chart"
)

// fullStats is a page with all that it can have, in every place a text that tries to be more.
func fullStats(text string) templates.Stats {
	return templates.Stats{
		Name: text, Total: 10_000_000, AtLeast: true, Since: text,
		Cards:  []templates.StatsCard{{Title: text, Views: 1234, Remark: text}},
		Charts: []templates.StatsChart{{ID: "days", Title: text, Step: "day", Sum: 11, Bars: []chart.Bar{{Name: text, Tick: text, Value: 10}, {Name: text, Value: 1, Partial: true}}}},
		Notes:  []string{text}, Form: templates.StatsForm{From: text, To: text, Step: "week", Zone: text}, Zone: text, Problem: text,
		Events: "/events/example.com/", History: "/api/v1/history/example.com/",
	}
}

func statsHTML(t *testing.T, data templates.Stats) string {
	t.Helper()
	html, err := newPages(t).Stats(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

func TestStats(t *testing.T) {
	wantAll(t, statsHTML(t, fullStats("x")), `<html lang="en">`, `<meta name="viewport"`, "at least </span>", "10,000,000", "1,234", `role="img"`, "<details>",
		`<th scope="row">x</th><td class="number">1 so far</td>`, `<option selected>week</option>`, `data-events="/events/example.com/"`, `href="/api/v1/history/example.com/"`)
	wantAll(t, statsHTML(t, templates.Stats{}), "<h1>Home page</h1>", "<title>Home page – views</title>")
}

func TestStatsAreEscaped(t *testing.T) {
	const hostile = `"></title></style></script><script>alert(1)</script><img src=x onerror=alert(1)>&`
	html := statsHTML(t, fullStats(hostile))
	if strings.Count(html, "<script") != 1 || strings.Contains(html, "<img") || strings.Contains(html, "alert(1)</script>") {
		t.Errorf("not escaped: %s", html)
	}
	_, drawing, _ := strings.Cut(html, "<svg")
	drawing, _, _ = strings.Cut(drawing, "</svg>")
	for decoder := xml.NewDecoder(strings.NewReader("<svg" + drawing + "</svg>")); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v: %s", err, drawing)
		}
	}
}

// The policy allows the style and the script that the page has, whatever it shows, and the page
// has no other.
func TestStatsPolicy(t *testing.T) {
	policy := templates.StatsPolicy()
	for _, data := range []templates.Stats{{}, fullStats("x")} {
		html := statsHTML(t, data)
		for element, directive := range map[string]string{"style": "style-src", "script": "script-src"} {
			found := regexp.MustCompile(`(?s)<`+element+`[^>]*>(.*?)</`+element+`>`).FindAllStringSubmatch(html, -1)
			if len(found) != 1 {
				t.Fatalf("%d elements %s", len(found), element)
			}
			sum := sha256.Sum256([]byte(found[0][1]))
			if want := directive + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(policy, want) {
				t.Errorf("the policy is %q; want it to have %q", policy, want)
			}
		}
		if attributes := regexp.MustCompile(`\s(style|on\w+)=`).FindString(html); attributes != "" {
			t.Errorf("the policy forbids %q", attributes)
		}
	}
}
