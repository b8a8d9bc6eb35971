package compat

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// unknownDigit stands in each place of a number that is not known.
const unknownDigit = "-"

// padded returns a number with at least so many digits.
func padded(number int64, known bool, digits int) string {
	if !known {
		return strings.Repeat(unknownDigit, max(digits, 1))
	}
	text := strconv.FormatInt(number, 10)
	return strings.Repeat("0", max(digits-len(text), 0)) + text
}

// profileCount draws seven digits as a terminal does.
func profileCount(w http.ResponseWriter, _ *call, o outcome) {
	if o.bad {
		http.Error(w, wrongText(o.err), http.StatusBadRequest)
		return
	}
	const pitch, size, height = 32, 29, 30
	number, known := o.number()
	text := padded(number, known, 7)
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img" aria-label="%s"><title>%s</title>`, pitch*len(text), height, text, text)
	for i, digit := range text {
		fmt.Fprintf(&s, `<rect x="%d" width="%d" height="%d" fill="#000"/><text x="%d" y="22" text-anchor="middle" font-family="Courier,monospace" font-size="24" fill="#00FF13">%c</text>`,
			pitch*i, size, size, pitch*i+size/2, digit)
	}
	s.WriteString(`</svg>`)
	writeSVG(w, http.StatusOK, []byte(s.String()))
}

// segments are the lit segments of each digit of a seven-segment display: top, upper left,
// upper right, middle, lower left, lower right, bottom.
const segments = "\x77\x24\x5d\x6d\x2e\x6b\x7b\x25\x7f\x6f"

// segmentPaths are where the segments are, in a cell of 45 by 80.
func segmentPaths() [7]string {
	return [7]string{
		"M13 10h20l4 4-4 4h-20l-4-4z", "M10 15l4 4v16l-4 4-4-4v-16z", "M36 15l4 4v16l-4 4-4-4v-16z",
		"M13 36h20l4 4-4 4h-20l-4-4z", "M10 41l4 4v16l-4 4-4-4v-16z", "M36 41l4 4v16l-4 4-4-4v-16z", "M13 62h20l4 4-4 4h-20l-4-4z",
	}
}

// display draws the digits of a number.
func display(w http.ResponseWriter, c *call, o outcome) {
	if o.bad {
		http.Error(w, wrongText(o.err), http.StatusBadRequest)
		return
	}
	number, known := o.number()
	if shown, err := strconv.ParseUint(c.param("num"), 10, 63); err == nil {
		number, known = int64(shown), true
	}
	text := padded(number, known, c.between("padding", 0, 16, 7))
	if o.key == "demo" {
		text = "0123456789"
	}
	if prefix, err := strconv.ParseUint(c.param("prefix"), 10, 31); err == nil {
		text = strconv.FormatUint(prefix, 10) + text
	}
	const cellWidth, cellHeight = 45, 80
	scale := c.decimal("scale", 0.1, 2, 1)
	offset := c.decimal("offset", -20, 100, 0) // between the cells
	back, ink, off := "#fff", "#333", "#eee"
	if c.param("darkmode") == "1" {
		back, ink, off = "#111", "#7fffd4", "#222"
	}
	pitch := cellWidth + offset
	width := pitch*float64(len(text)) - offset
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %d" width="%s" height="%s" role="img" aria-label="%s"><title>%s</title>`,
		decimal(width), cellHeight, decimal(width*scale), decimal(cellHeight*scale), text, text)
	for i, digit := range text {
		lit := byte(1 << 3) // a dash
		if digit != '-' {
			lit = segments[digit-'0']
		}
		fmt.Fprintf(&s, `<g transform="translate(%s)"><rect width="%d" height="%d" fill="%s"/>`, decimal(pitch*float64(i)), cellWidth, cellHeight, back)
		for segment, path := range segmentPaths() {
			fill := off
			if lit&(1<<segment) != 0 {
				fill = ink
			}
			fmt.Fprintf(&s, `<path d="%s" fill="%s"/>`, path, fill)
		}
		s.WriteString(`</g>`)
	}
	s.WriteString(`</svg>`)
	writeSVG(w, http.StatusOK, []byte(s.String()))
}

// decimal writes a number with two places at most.
func decimal(n float64) string {
	return strconv.FormatFloat(float64(int(n*100))/100, 'f', -1, 64)
}

// between returns a parameter that is a whole number in a range, or the default.
func (c *call) between(name string, least, most, otherwise int) int {
	number, err := strconv.Atoi(c.param(name))
	if err != nil || number < least || number > most {
		return otherwise
	}
	return number
}

// decimal returns a parameter that is a number in a range, or the default.
func (c *call) decimal(name string, least, most, otherwise float64) float64 {
	number, err := strconv.ParseFloat(c.param(name), 64)
	if err != nil || !(number >= least && number <= most) { // also not a number at all
		return otherwise
	}
	return number
}
