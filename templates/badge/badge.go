// Package badge draws badges: a label, a message and their colours as an SVG
// image that looks like those of shields.io.
//
// [Options] are what an address may ask for, and [Badge] is what is drawn. Text
// widths are those of Verdana, from a generated table, so that a badge is as wide
// on a machine that lacks the font.
package badge

import (
	"hash/fnv"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Badge is what is drawn. Its texts may hold anything: they are escaped.
type Badge struct {
	// Label is the text on the left. If it is empty, there is only a message.
	Label string
	// Message is the text on the right.
	Message string
	// Color is the background of the message, LabelColor that of the label. The
	// zero values are blue and grey.
	Color, LabelColor Color
	// TextColor is the colour of both texts. The zero value is black or white, whichever can be
	// read.
	TextColor Color
	// Title names the image for those who can't see it. If it is empty, the label and the
	// message do.
	Title string
	Style Style
}

// Style is the shape of a badge. The zero value is [Flat].
type Style int

// The styles, named as shields.io names them.
const (
	Flat Style = iota
	FlatSquare
	Plastic
	ForTheBadge
)

// Drawer draws badges. It is safe for concurrent use.
type Drawer struct {
	normal, small, smallBold *font // Verdana at 11, 10 and 10 bold pixels
}

// NewDrawer returns a drawer. It reads the table of widths, which takes some
// milliseconds.
func NewDrawer() (*Drawer, error) {
	fonts, err := readFonts()
	if err != nil {
		return nil, err
	}
	return &Drawer{normal: &fonts[0], small: &fonts[1], smallBold: &fonts[2]}, nil
}

// Draw returns the badge as an SVG image in UTF-8. The ids in it differ from those
// of any other badge, so that two can stand in one HTML page.
func (d *Drawer) Draw(b Badge) []byte {
	b.Label, b.Message = Printable(b.Label), Printable(b.Message)
	b.Color = b.Color.or(blue)
	b.LabelColor = b.LabelColor.or(grey)
	if b.Style == ForTheBadge {
		upper := cases.Upper(language.Und) // not strings.ToUpper, which leaves ß
		b.Label, b.Message = upper.String(b.Label), upper.String(b.Message)
	}
	s := make(svg, 0, 2048)
	s.draw(b, d.layout(b))
	return s
}

// layout is where the parts of a badge are, in pixels.
type layout struct {
	height                float64
	leftWidth, rightWidth float64 // of the two boxes
	labelX, messageX      float64 // the middles of the texts
	labelWidth            float64 // of the texts
	messageWidth          float64
	baseline              float64
}

// layout measures as badge-maker does, the renderer behind shields.io, which the
// tests compare it with.
func (d *Drawer) layout(b Badge) layout {
	if b.Style == ForTheBadge {
		const margin = 12
		l := layout{height: 28, baseline: 17.5}
		if b.Label != "" {
			l.labelWidth = spaced(d.small, b.Label)
			l.leftWidth = l.labelWidth + 2*margin
			l.labelX = margin + l.labelWidth/2
		}
		l.messageWidth = spaced(d.smallBold, b.Message)
		l.rightWidth = l.messageWidth + 2*margin
		l.messageX = l.leftWidth + margin + l.messageWidth/2
		return l
	}
	const padding = 5
	l := layout{height: 20, baseline: 14}
	if b.Style == Plastic {
		l.height, l.baseline = 18, 13
	}
	shift := 0. // a pixel towards the middle, where a label and a message meet
	if b.Label != "" {
		l.labelWidth = odd(d.normal.width(b.Label))
		l.leftWidth = l.labelWidth + 2*padding
		l.labelX = 1 + padding + l.labelWidth/2
		shift = -1
	}
	l.messageWidth = odd(d.normal.width(b.Message))
	l.rightWidth = l.messageWidth + 2*padding
	l.messageX = l.leftWidth + shift + padding + l.messageWidth/2
	return l
}

// odd returns the width as an odd number of whole pixels, which puts the middle of
// a text on the pixel grid.
func odd(width float64) float64 { return float64(int(width) | 1) }

// spaced is the width of a text with its letters set apart.
func spaced(f *font, text string) float64 {
	const spacing = 1.25
	return float64(int(f.width(text))) + spacing*float64(len(utf16.Encode([]rune(text))))
}

// Printable removes from a text what XML can't hold, and the space around it.
func Printable(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd")))
}

// svg is an image that is being written.
type svg []byte

func (s *svg) draw(b Badge, l layout) {
	title := b.Message
	if b.Label != "" {
		title = b.Label + ": " + b.Message
	}
	id := b.id()
	if b.Title != "" {
		title = Printable(b.Title)
	}
	width := l.leftWidth + l.rightWidth
	title = html.EscapeString(title)
	s.write(`<svg xmlns="http://www.w3.org/2000/svg"`)
	s.number("width", width)
	s.number("height", l.height)
	s.write(` role="img" aria-label="`, title, `"><title>`, title, `</title>`)
	sharp := b.Style == FlatSquare || b.Style == ForTheBadge
	if sharp {
		s.write(`<g shape-rendering="crispEdges">`)
	} else {
		s.shine(b.Style, id)
		radius := "3"
		if b.Style == Plastic {
			radius = "4"
		}
		s.write(`<clipPath id="c`, id, `"><rect`)
		s.number("width", width)
		s.number("height", l.height)
		s.write(` rx="`, radius, `"/></clipPath><g clip-path="url(#c`, id, `)">`)
	}
	if b.Label != "" {
		s.box(0, l.leftWidth, l.height, b.LabelColor.String())
	}
	s.box(l.leftWidth, l.rightWidth, l.height, b.Color.String())
	if !sharp {
		s.box(0, width, l.height, "url(#s"+id+")")
	}
	size := "110"
	if b.Style == ForTheBadge {
		size = "100"
	}
	s.write(`</g><g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" text-rendering="geometricPrecision" font-size="`, size, `">`)
	if b.Label != "" {
		s.text(b.Label, l.labelX, l.labelWidth, l.baseline, b.inks(b.LabelColor), !sharp, false)
	}
	if b.Message != "" {
		s.text(b.Message, l.messageX, l.messageWidth, l.baseline, b.inks(b.Color), !sharp, b.Style == ForTheBadge)
	}
	s.write(`</g></svg>`)
}

// shine defines the light that falls on a badge.
func (s *svg) shine(style Style, id string) {
	s.write(`<linearGradient id="s`, id, `" x2="0" y2="100%">`)
	if style == Plastic {
		s.write(`<stop offset="0" stop-color="#fff" stop-opacity=".7"/><stop offset=".1" stop-color="#aaa" stop-opacity=".1"/>`,
			`<stop offset=".9" stop-opacity=".3"/><stop offset="1" stop-opacity=".5"/>`)
	} else {
		s.write(`<stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/>`)
	}
	s.write(`</linearGradient>`)
}

func (s *svg) box(x, width, height float64, fill string) {
	s.write(`<rect`)
	if x > 0 {
		s.number("x", x)
	}
	s.number("width", width)
	s.number("height", height)
	s.write(` fill="`, fill, `"/>`)
}

// inks are the colours of a text and of its shadow.
type inks struct{ text, shadow string }

// inks returns the colours of a text on a background.
func (b Badge) inks(background Color) inks {
	text, shadow := background.ink()
	if b.TextColor.set {
		text = b.TextColor.String()
	}
	return inks{text, shadow}
}

// text writes a text around x. It is drawn at ten times its size, and scaled down,
// because browsers round the positions of letters at small sizes.
func (s *svg) text(text string, x, width, baseline float64, colors inks, shadow, bold bool) {
	place := func(y float64) {
		s.number("x", 10*x)
		s.number("y", 10*y)
		s.number("textLength", 10*width)
		s.write(` transform="scale(.1)"`)
	}
	text = html.EscapeString(text)
	if shadow {
		s.write(`<text aria-hidden="true"`)
		place(baseline + 1)
		s.write(` fill="`, colors.shadow, `" fill-opacity=".3">`, text, `</text>`)
	}
	s.write(`<text`)
	place(baseline)
	if colors.text != white {
		s.write(` fill="`, colors.text, `"`)
	}
	if bold {
		s.write(` font-weight="bold"`)
	}
	s.write(`>`, text, `</text>`)
}

func (s *svg) write(parts ...string) {
	text := *s
	for _, part := range parts {
		text = append(text, part...)
	}
	*s = text
}

// number writes an attribute, its number as short as it can be.
func (s *svg) number(name string, n float64) {
	s.write(" ", name, `="`)
	if whole := int64(n); float64(whole) == n { // as nearly all are, and takes less time
		*s = strconv.AppendInt(*s, whole, 10)
	} else {
		*s = strconv.AppendFloat(*s, n, 'f', -1, 64)
	}
	s.write(`"`)
}

// id returns a text that tells this badge from others.
func (b Badge) id() string {
	hash := fnv.New64a()
	text := make([]byte, 0, 128)
	for _, part := range [...]string{b.Label, b.Message, b.Color.String(), b.LabelColor.String(), strconv.Itoa(int(b.Style))} {
		text = append(append(text, part...), 0)
	}
	_, _ = hash.Write(text) // never fails
	const digits = "0123456789abcdefghijklmnopqrstuv"
	var id [8]byte
	for i, rest := 0, hash.Sum64(); i < len(id); i, rest = i+1, rest<<5 {
		id[i] = digits[rest>>59]
	}
	return string(id[:])
}
