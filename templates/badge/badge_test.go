package badge_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"example.com/herokuapp/templates/badge"
)

func newDrawer(tb testing.TB) *badge.Drawer {
	tb.Helper()
	drawer, err := badge.NewDrawer()
	if err != nil {
		tb.Fatal(err)
	}
	return drawer
}

func color(t *testing.T, text string) badge.Color {
	t.Helper()
	if text == "" {
		return badge.Color{}
	}
	c, err := badge.ParseColor(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// image is an SVG as far as tests look at it.
type image struct {
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
	Label  string  `xml:"aria-label,attr"`
	Title  string  `xml:"title"`
	Groups []struct {
		Texts []text `xml:"text"`
	} `xml:"g"`
}

type text struct {
	X      float64 `xml:"x,attr"        json:"x"`
	Length float64 `xml:"textLength,attr" json:"length"`
	Fill   string  `xml:"fill,attr"     json:"fill"`
	Hidden bool    `xml:"aria-hidden,attr" json:"-"`
	Text   string  `xml:",chardata"     json:"-"`
}

// texts returns the texts that are not shadows.
func (i image) texts() (shown []text) {
	for _, group := range i.Groups {
		for _, one := range group.Texts {
			if one.Hidden {
				continue
			}
			if one.Fill == "" {
				one.Fill = "#fff"
			}
			shown = append(shown, one)
		}
	}
	return shown
}

func parse(t *testing.T, svg []byte) (parsed image) {
	t.Helper()
	if err := xml.Unmarshal(svg, &parsed); err != nil {
		t.Fatalf("%v: %s", err, svg)
	}
	return parsed
}

// Each badge is as wide as badge-maker draws it, to the pixel, with its texts in the
// same places and colours.
func TestMeasuresOfBadgeMaker(t *testing.T) {
	file, err := os.Open("testdata/badge-maker.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	drawer := newDrawer(t)
	lines := json.NewDecoder(file)
	var n int
	for ; ; n++ {
		var want struct {
			Style, Label, Message, Color, LabelColor string
			Width                                    float64
			Texts                                    []text
		}
		if err := lines.Decode(&want); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		options, err := badge.ParseOptions(map[string][]string{"style": {want.Style}}, badge.Options{
			Label: want.Label, Color: color(t, want.Color), LabelColor: color(t, want.LabelColor),
		})
		if err != nil {
			t.Fatal(err)
		}
		got := parse(t, drawer.Draw(options.Badge(want.Message)))
		texts := got.texts()
		same := got.Width == want.Width && len(texts) == len(want.Texts)
		for i := range texts {
			texts[i].Text = ""
			same = same && texts[i] == want.Texts[i]
		}
		if !same {
			t.Errorf("%s %q %q: %v wide with %v; want %v with %v", want.Style, want.Label, want.Message, got.Width, texts, want.Width, want.Texts)
		}
	}
	if n < 300 {
		t.Errorf("only %d badges to compare with", n)
	}
}

// What a badge shows is escaped, whatever it is, and read out by screen readers.
func TestTextsAreEscaped(t *testing.T) {
	drawer := newDrawer(t)
	for _, hostile := range []string{
		`</text><script>alert(1)</script>`, `"><a href="javascript:alert(1)">`, "a\x00b\x08\u202e", "\xff\xfe", "\ufffe\uffff", "]]>", "&#x0;",
	} {
		for style := range badge.ForTheBadge + 1 {
			svg := drawer.Draw(badge.Badge{Label: hostile, Message: hostile, Style: style})
			if bytes.Contains(svg, []byte("<script")) || bytes.Contains(svg, []byte("<a")) {
				t.Errorf("%q: not escaped: %s", hostile, svg)
			}
			got := parse(t, svg)
			if got.Title != got.Label {
				t.Errorf("%q: titles %q and %q", hostile, got.Title, got.Label)
			}
		}
	}
	got := parse(t, drawer.Draw(badge.Badge{Label: "views", Message: `"<1>"`}))
	if texts := got.texts(); got.Title != `views: "<1>"` || len(texts) != 2 || texts[0].Text != "views" || texts[1].Text != `"<1>"` {
		t.Errorf("title %q, texts %+v", got.Title, texts)
	}
	if got := parse(t, drawer.Draw(badge.Badge{Message: "42"})); got.Title != "42" || len(got.texts()) != 1 {
		t.Errorf("without a label: %+v", got)
	}
}

// Two badges in one HTML page have no id in common, and no badge asks for anything
// from elsewhere.
func TestIdsDiffer(t *testing.T) {
	drawer := newDrawer(t)
	seen := map[string]int{}
	for i, b := range []badge.Badge{
		{Label: "views", Message: "1"},
		{Label: "views", Message: "2"},
		{Label: "view", Message: "s1"},
		{Label: "views", Message: "1", Color: badge.Red()},
		{Label: "views", Message: "1", LabelColor: badge.Red()},
		{Label: "views", Message: "1", Style: badge.Plastic},
	} {
		svg := string(drawer.Draw(b))
		ids := strings.Split(svg, ` id="`)[1:]
		if len(ids) == 0 {
			t.Errorf("%+v has no ids", b)
		}
		for _, rest := range ids {
			id, _, _ := strings.Cut(rest, `"`)
			if other, ok := seen[id]; ok {
				t.Errorf("badges %d and %d have the id %s in common", other, i, id)
			}
			seen[id] = i
			if !strings.Contains(svg, "url(#"+id+")") {
				t.Errorf("nothing uses the id %s: %s", id, svg)
			}
		}
		if strings.Contains(strings.ReplaceAll(svg, "http://www.w3.org/2000/svg", ""), "http") {
			t.Errorf("asks for something elsewhere: %s", svg)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	drawer := newDrawer(b)
	b.ReportAllocs()
	for b.Loop() {
		drawer.Draw(badge.Badge{Label: "views", Message: "1,234,567"})
	}
}

func TestTextColorAndTitle(t *testing.T) {
	drawn := string(newDrawer(t).Draw(badge.Badge{Label: "a", Message: "b", TextColor: badge.Red(), Title: "<c>"}))
	if strings.Count(drawn, ` fill="#dd4343">`) != 2 || !strings.Contains(drawn, "<title>&lt;c&gt;</title>") {
		t.Error(drawn)
	}
}
