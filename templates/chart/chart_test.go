package chart

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScale(t *testing.T) {
	for highest, want := range map[int64][2]int64{
		0: {1, 1}, 1: {1, 1}, 4: {1, 4}, 5: {1, 5}, 6: {2, 3}, 10: {2, 5}, 11: {5, 3}, 25: {5, 5}, 26: {10, 3}, 51: {20, 3}, 101: {50, 3},
		999: {200, 5}, 10_000_000: {2_000_000, 5}, 12_345_678: {5_000_000, 3}, math.MaxInt64: {2_000_000_000_000_000_000, 5},
	} {
		if step, steps := scale(highest); step != want[0] || steps != want[1] {
			t.Errorf("%d: %d steps of %d; want %v", highest, steps, step, want)
		}
	}
	for highest := int64(1); highest < math.MaxInt64/11; highest = highest*11/7 + 1 {
		if step, steps := scale(highest); step*steps < highest || step*(steps-1) >= highest || steps > 5 {
			t.Errorf("%d: %d steps of %d", highest, steps, step)
		}
	}
}

// The largest number has a chart, too.
func TestLargest(t *testing.T) {
	svg := Chart{Title: "x", Bars: []Bar{{Name: "a", Value: math.MaxInt64}, {Name: "b", Value: math.MinInt64}}}.SVG()
	if n := bytes.Count(svg, []byte("<line")); n < 2 || n > 7 || bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
		t.Errorf("%d lines: %s", n, svg)
	}
}

func charts() map[string]Chart {
	days := func(values ...int64) (bars []Bar) {
		for i, value := range values {
			bar := Bar{Name: string(rune('A' + i)), Value: value}
			if i%7 == 0 {
				bar.Tick = bar.Name
			}
			bars = append(bars, bar)
		}
		bars[len(bars)-1].Partial = true
		return bars
	}
	return map[string]Chart{
		"none":     {Title: "views", Message: "The counter can't be reached at the moment."},
		"zero":     {Title: "example.com/: views by day", Bars: days(0, 0, 0, 0, 0, 0, 0)},
		"one":      {Title: "example.com/: views by day", Bars: days(0, 0, 1, 0, 0, 0, 0), Theme: Light},
		"ten":      {Title: "example.com/: views by day", Bars: days(3, 10, 7, 0, 1, 2, 4), Theme: Dark},
		"millions": {Title: "example.com/: views by day", Bars: days(9_876_543, 10_000_000, 1, 8_000_000, 5, 10, 400, 3)},
	}
}

// The charts are as they were when somebody looked at them: run with UPDATE_GOLDEN=1, and look.
func TestGolden(t *testing.T) {
	update := os.Getenv("UPDATE_GOLDEN") != ""
	for name, chart := range charts() {
		path := filepath.Join("testdata", name+".svg")
		got := chart.SVG()
		if update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
		if err := xml.Unmarshal(got, new(struct{})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTextsAreEscaped(t *testing.T) {
	const hostile = "\"></title><script>alert(1)</script>&\x00\x1b\ufffe\xff"
	c := Chart{Title: hostile, Bars: []Bar{{Name: hostile, Tick: hostile, Value: 1}, {Name: hostile, Partial: true}}}
	for _, svg := range []string{string(c.SVG()), c.Part()} {
		if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil || strings.Contains(svg, "<script") {
			t.Errorf("%v: %s", err, svg)
		}
	}
}

// Those who can't see the chart are told the highest and the last number, and that the last
// can still grow.
func TestSummary(t *testing.T) {
	for want, bars := range map[string][]Bar{
		"T. There is nothing to show.":                                nil,
		"T. Nothing was counted.":                                     {{Name: "a"}, {Name: "b", Partial: true}},
		"T. The most: b: 1,234. The last: c: 7 so far.":               {{Name: "a", Value: 3}, {Name: "b", Value: 1234}, {Name: "c", Value: 7, Partial: true}},
		"T. The most: b: 1,234 so far.":                               {{Name: "a", Value: 3}, {Name: "b", Value: 1234, Partial: true}},
		"T. The most: a: 3. The last: b: 3.":                          {{Name: "a", Value: 3}, {Name: "b", Value: 3}},
		"T. The most: a: 9,223,372,036,854,775,807. The last: b: -1.": {{Name: "a", Value: math.MaxInt64}, {Name: "b", Value: -1}},
	} {
		c := Chart{Title: "T", Bars: bars}
		for _, svg := range []string{string(c.SVG()), c.Part()} {
			if !strings.Contains(svg, `aria-label="`+want+`"`) {
				t.Errorf("%s; want %q", svg, want)
			}
		}
	}
}

// A title leaves room for what was counted today, whatever letters it has.
func TestCut(t *testing.T) {
	for _, row := range []struct {
		text, want string
		room       int
	}{
		{"example.com/", "example.com/", 12},
		{"example.com/a", "example.com…", 12},
		{"", "", 5},
		{"日本語", "日本語", 6},
		{"日本語版", "日本…", 6},
		{"ééééé", "éé…", 3},
	} {
		if got := cut(row.text, row.room); got != row.want {
			t.Errorf("%s: %s; want %s", row.text, got, row.want)
		}
	}
}

// The policy allows the style that is in the image, and nothing else.
func TestPolicy(t *testing.T) {
	for theme := range Dark + 1 {
		_, style, _ := strings.Cut(string(Chart{Theme: theme}.SVG()), "<style>")
		style, _, _ = strings.Cut(style, "</style>")
		sum := sha256.Sum256([]byte(style))
		want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if got := theme.Policy(); got != want || style == "" {
			t.Errorf("%s; want %s", got, want)
		}
	}
	if !strings.Contains(Stylesheet(), lightStyle) || !strings.Contains(Stylesheet(), "prefers-color-scheme:dark") {
		t.Errorf("%s", Stylesheet())
	}
}
