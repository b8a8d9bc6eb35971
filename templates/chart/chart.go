// Package chart draws numbers over time as bars, as SVG: an image of its own, or a part of
// an HTML page.
package chart

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"math"
	"strconv"
	"strings"

	"example.com/herokuapp/templates/badge"
)

// Chart is what is drawn. Its texts may hold anything: they are escaped.
type Chart struct {
	// Title says what the bars are.
	Title string
	// Bars are drawn from left to right. There may be none.
	Bars []Bar
	// Message stands in place of the bars of an image, to say why there are none.
	Message string
	// Theme is used by [Chart.SVG] alone.
	Theme Theme
}

// Bar is one number.
type Bar struct {
	// Name says what is counted here, such as "26 November 2026".
	Name string
	// Tick is the text below the bar. Most bars have none.
	Tick string
	// Value is drawn as zero if it is negative.
	Value int64
	// Partial says that the time of the bar is not over.
	Partial bool
}

// plotHeight is how high the bars may be, in pixels.
const plotHeight = 176

// maxApart is the most bars that have gaps between them. With more, a gap would be narrower than
// a pixel.
const maxApart = 120

// SVG returns the chart as an image in UTF-8, 720 by 240 pixels.
func (c Chart) SVG() []byte {
	var s svg
	s.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 240" width="720" height="240" role="img" aria-label="`, escape(c.summary()), `">`,
		`<title>`, escape(c.Title), `</title><style>`, c.Theme.style(), `</style><rect class="chart-ground" width="720" height="240" rx="6"/>`)
	room := 90
	if n := len(c.Bars); n > 0 && c.Bars[n-1].Partial {
		room -= 35
		s.write(`<text class="chart-label" text-anchor="end" x="710" y="22">`, escape(cut(c.Bars[n-1].text(), 45)), `</text>`)
	}
	s.write(`<text class="chart-title" x="12" y="22">`, escape(cut(c.Title, room)), `</text>`)
	if c.Message != "" {
		s.write(`<text class="chart-label" text-anchor="middle" x="360" y="130">`, escape(cut(c.Message, 110)), `</text></svg>`)
		return []byte(s.String())
	}
	s.write(`<svg overflow="visible" x="48" y="38" width="662" height="176">`)
	s.plot(c.Bars)
	s.write(`</svg></svg>`)
	return []byte(s.String())
}

// Part returns the chart as a part of an HTML page, which has to have [Stylesheet]. It is as
// wide as its place, less a margin for its labels. Its title is for those who can't see it:
// the page shows its own.
func (c Chart) Part() string {
	var s svg
	s.write(`<svg class="chart" role="img" aria-label="`, escape(c.summary()), `" overflow="visible" width="100%" height="208"><g transform="translate(0 8)">`)
	s.plot(c.Bars)
	s.write(`</g></svg>`)
	return s.String()
}

// summary says what the chart shows to those who can't see it.
func (c Chart) summary() string {
	if c.Message != "" {
		return c.Title + ". " + c.Message
	}
	if len(c.Bars) == 0 {
		return c.Title + ". There is nothing to show."
	}
	highest := c.Bars[0]
	for _, bar := range c.Bars {
		if bar.Value > highest.Value {
			highest = bar
		}
	}
	if highest.Value < 1 {
		return c.Title + ". Nothing was counted."
	}
	text := c.Title + ". The most: " + highest.text() + "."
	if last := c.Bars[len(c.Bars)-1]; last != highest {
		text += " The last: " + last.text() + "."
	}
	return text
}

// text names the bar and its number.
func (b Bar) text() string {
	text := b.Name + ": " + badge.Grouped.Number(b.Value)
	if b.Partial {
		text += " so far"
	}
	return text
}

// svg is an image that is being written.
type svg struct{ strings.Builder }

func (s *svg) write(parts ...string) {
	for _, part := range parts {
		s.WriteString(part)
	}
}

// plot draws the bars and the axis. Places along the axis are percentages, so that the plot
// fits any width, and its letters keep their size.
func (s *svg) plot(bars []Bar) {
	highest := int64(0)
	for _, bar := range bars {
		highest = max(highest, bar.Value)
	}
	step, steps := scale(highest)
	y := func(value float64) float64 { return plotHeight - value/(float64(step)*float64(steps))*plotHeight }
	for i := range steps + 1 {
		value := float64(step) * float64(i)
		at := decimal(y(value))
		s.write(`<line class="chart-line" x2="100%" y1="`, at, `" y2="`, at, `"/>`)
		if value < math.MaxInt64 {
			s.write(`<text class="chart-label" text-anchor="end" x="-6" y="`, decimal(y(value)+4), `">`, badge.Short.Number(step*i), `</text>`)
		}
	}
	slot := 100 / float64(max(len(bars), 1))
	gap := slot / 4
	if len(bars) > maxApart {
		gap = 0
	}
	for i, bar := range bars {
		x := float64(i) * slot
		value := max(bar.Value, 0)
		up := y(float64(value))
		if value > 0 {
			up = min(up, plotHeight-1) // what was counted can be seen
		}
		class := "chart-bar"
		if bar.Partial {
			class = "chart-bar chart-partial"
		}
		s.write(`<rect class="`, class, `" x="`, decimal(x+gap/2), `%" y="`, decimal(up), `" width="`, decimal(slot-gap), `%" height="`, decimal(plotHeight-up),
			`"><title>`, escape(bar.text()), `</title></rect>`)
		if bar.Tick != "" {
			s.write(`<text class="chart-label" text-anchor="middle" x="`, decimal(x+slot/2), `%" y="194">`, escape(bar.Tick), `</text>`)
		}
	}
}

// escape returns the text as it stands in XML, without what XML can't hold.
func escape(text string) string { return html.EscapeString(badge.Printable(text)) }

// cut shortens a text to the room that it has, in letters of usual width.
func cut(text string, room int) string {
	const ellipsis = '…'
	wide := func(r rune) int {
		if r >= 0x1100 { // Hangul, ideographs, emoji
			return 2
		}
		return 1
	}
	for i, r := range text {
		room -= wide(r)
		if room < 1 && i+len(string(r)) < len(text) {
			return text[:i] + string(ellipsis)
		}
	}
	return text
}

// decimal writes a number with at most two decimals, and without zeros at the end.
func decimal(n float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(n, 'f', 2, 64), "0"), ".")
}

// scale returns a round step between the lines, a whole number, and how many steps it
// takes to reach the highest value: one to five.
func scale(highest int64) (step, steps int64) {
	step = 1
	for i := 0; step < quotient(highest, 5); i++ {
		if i%3 == 1 { // 1, 2, 5, 10, 20, 50
			step = step / 2 * 5
		} else {
			step *= 2
		}
	}
	return step, max(quotient(highest, step), 1)
}

// quotient returns n/d, rounded up.
func quotient(n, d int64) int64 {
	if n%d == 0 {
		return n / d
	}
	return n/d + 1
}

// Theme is the choice of colours. The zero value is [Auto].
type Theme int

// The themes.
const (
	Auto Theme = iota // as the reader's system is set
	Light
	Dark
)

const (
	lightStyle = `.chart-ground{fill:#fff}.chart-title{fill:#1f2328;font:600 14px system-ui,sans-serif}` +
		`.chart-label{fill:#59636e;font:11px system-ui,sans-serif}.chart-line{stroke:#d1d9e0}` +
		`.chart-bar{fill:#0969da}.chart-partial{fill-opacity:.35;stroke:#0969da;stroke-dasharray:3 2}`
	darkStyle = `.chart-ground{fill:#0d1117}.chart-title{fill:#f0f6fc}.chart-label{fill:#9198a1}.chart-line{stroke:#3d444d}` +
		`.chart-bar{fill:#4493f8}.chart-partial{stroke:#4493f8}`
)

// style returns the theme's CSS.
func (t Theme) style() string {
	switch t {
	case Light:
		return lightStyle
	case Dark:
		return lightStyle + darkStyle
	default:
		return lightStyle + `@media(prefers-color-scheme:dark){` + darkStyle + `}`
	}
}

// Policy returns the Content-Security-Policy that the image needs, which allows
// nothing but its own style.
func (t Theme) Policy() string {
	sum := sha256.Sum256([]byte(t.style()))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Stylesheet returns the CSS of a page that has a [Chart.Part], in the reader's colours.
func Stylesheet() string {
	return `.chart{display:block;width:calc(100% - 54px);margin-left:44px}` + Auto.style()
}
