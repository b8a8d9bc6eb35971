package badge

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"
)

// Color is an opaque colour. The zero value asks for the default of its place.
type Color struct {
	rgb uint32 // 0xrrggbb
	set bool
}

const (
	blue  = 0x007ec6
	grey  = 0x555555
	white = "#fff"
)

// Red is the colour of a badge that says what is wrong.
func Red() Color { return Color{rgb: 0xdd4343, set: true} }

// LightGrey is the colour of a badge that has nothing to show.
func LightGrey() Color { return Color{rgb: 0x939393, set: true} }

// ParseColor reads a colour: three or six hexadecimal digits, with or without #
// before them, or a name. Names are those of shields.io, which come first, and of CSS.
func ParseColor(text string) (Color, error) {
	name := strings.ToLower(strings.TrimSpace(text))
	if rgb, ok := shade(name); ok {
		return Color{rgb: rgb, set: true}, nil
	}
	digits := strings.TrimPrefix(name, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	if rgb, err := strconv.ParseUint(digits, 16, 24); err == nil && len(digits) == 6 {
		return Color{rgb: uint32(rgb), set: true}, nil
	}
	if rgb, ok := colornames.Map[name]; ok {
		return fromRGBA(rgb), nil
	}
	return Color{}, fmt.Errorf("%.40q is not a colour: use a name (blue, brightgreen, tomato) or hexadecimal digits (4c1, 007ec6)", text)
}

func fromRGBA(c color.RGBA) Color {
	return Color{rgb: uint32(c.R)<<16 | uint32(c.G)<<8 | uint32(c.B), set: true}
}

// shade returns the colour that shields.io gives a name, since version 6 of its
// renderer badge-maker.
func shade(name string) (rgb uint32, ok bool) {
	switch name {
	case "brightgreen", "success":
		return 0x44bb00, true
	case "green":
		return 0x67ac09, true
	case "yellow":
		return 0xd8b800, true
	case "yellowgreen":
		return 0x95991a, true
	case "orange", "important":
		return 0xea7233, true
	case "red", "critical":
		return 0xdd4343, true
	case "blue", "informational":
		return blue, true
	case "grey", "gray":
		return grey, true
	case "lightgrey", "lightgray", "inactive":
		return 0x939393, true
	default:
		return 0, false
	}
}

// String returns the colour as CSS writes it, such as #007ec6 or #555.
func (c Color) String() string {
	const digits = "0123456789abcdef"
	nibble := func(i int) byte { return digits[c.rgb>>(4*i)&0xf] }
	if c.rgb>>4&0x0f0f0f == c.rgb&0x0f0f0f {
		return string([]byte{'#', nibble(4), nibble(2), nibble(0)})
	}
	return string([]byte{'#', nibble(5), nibble(4), nibble(3), nibble(2), nibble(1), nibble(0)})
}

func (c Color) or(rgb uint32) Color {
	if c.set {
		return c
	}
	return Color{rgb: rgb, set: true}
}

// ink returns the colours of a text, and of its shadow, that can be read on the colour.
func (c Color) ink() (text, shadow string) {
	r, g, b := c.rgb>>16, c.rgb>>8&0xff, c.rgb&0xff
	// The brightness in hundredths, by the weights of
	// https://www.w3.org/TR/AERT/#color-contrast, rounded as badge-maker does.
	if (299*r+587*g+114*b+1275)/2550 > 69 {
		return "#333", "#ccc"
	}
	return white, "#010101"
}
