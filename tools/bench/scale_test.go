package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// All is measured, with few counters and for a second each. What is written has no figure that
// is not one, and the rest of the page stays.
func TestScale(t *testing.T) {
	needPrograms(t)
	out := filepath.Join(t.TempDir(), "performance.md")
	const page = "before\n" + scaleBegins + "from before\n" + scaleEnds + "after\n"
	if err := os.WriteFile(out, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := parse(strings.Fields("-scale -counters 2000 -seconds 1 -out "+out), t.Output())
	if err != nil || !cfg.scale {
		t.Fatal(cfg, err)
	}
	if err := runScale(t.Context(), t, "../..", cfg, io.Discard, t.Output()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	before, part, after, err := cutScale(string(text))
	if err != nil || before != "before\n"+scaleBegins || after != scaleEnds+"after\n" || strings.Contains(part, "from before") {
		t.Errorf("%v:\n%s", err, text)
	}
	if found := regexp.MustCompile(`NaN|Inf|\| -|NOT REFUSED`).FindString(strings.ReplaceAll(part, "| --- ", "")); found != "" {
		t.Errorf("%s in\n%s", found, part)
	}
	for pattern, rows := range map[string]int{
		`(?m)^\| lines a second ↑ \| ([1-9][0-9,]* \| ){3}$`:                1,
		`(?m)^\| (1|2|5|10) \| [1-9]\d* \| [1-9]\d* \| \d+\.\d \| [1-9]`:    4,
		`(?m)^\| [123] \| [1-9]\d* \| [1-9]\d?\.\d % \|$`:                   3,
		`(?m)^\| 10?,000 \| \d+\.\d \| \d+\.\d \| \d+ \| \d+ \| is refused`: 2,
	} {
		if found := regexp.MustCompile(pattern).FindAllString(part, -1); len(found) != rows {
			t.Errorf("%d rows match %s; want %d in\n%s", len(found), pattern, rows, part)
		}
	}
	for _, name := range regexp.MustCompile(`\]\((performance/\S+\.svg)\)`).FindAllStringSubmatch(part, -1) {
		if svg, err := os.ReadFile(filepath.Join(filepath.Dir(out), name[1])); err != nil || !strings.HasPrefix(string(svg), "<svg") {
			t.Errorf("%s: %v", name[1], err)
		}
	}

	// The tables of a view leave this part as it is.
	if err := writeKeeping(out, "new\n"+scaleBegins+scaleEnds); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(out)
	if err != nil || string(kept) != "new\n"+scaleBegins+part+scaleEnds {
		t.Errorf("%v:\n%s", err, kept)
	}
}

func TestCutScale(t *testing.T) {
	for _, page := range []string{"", "no marks", scaleBegins, scaleEnds + scaleBegins} {
		if _, _, _, err := cutScale(page); err == nil {
			t.Errorf("%q: no error", page)
		}
	}
	if err := writeKeeping(filepath.Join(t.TempDir(), "new.md"), "text"); err != nil {
		t.Errorf("a page that is not there yet: %v", err)
	}
}

func TestRound(t *testing.T) {
	for n, want := range map[float64]int{0: 0, 1: 1, 7: 7, 1234: 1200, 987654: 990000} {
		if got := round(n); got != want {
			t.Errorf("%v: %d; want %d", n, got, want)
		}
	}
}
