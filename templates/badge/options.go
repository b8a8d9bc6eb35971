package badge

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxLabel is how many characters a label may have.
const MaxLabel = 100

// Options are what people who embed a badge can choose. The zero value is a flat badge
// with no label and a plain total.
type Options struct {
	Label             string
	Color, LabelColor Color
	Style             Style
	Format            Format
	Show              Show
}

// Format is how a number is written. The zero value is [Plain].
type Format int

// The formats.
const (
	// Plain is 1234567.
	Plain Format = iota
	// Grouped is 1,234,567.
	Grouped
	// Short is 1.2M. It is cut, not rounded, and so never says more than was counted.
	Short
)

// Show is which numbers a badge has. The zero value is [Total].
type Show int

// What a badge can show.
const (
	Total Show = iota
	Today
	TodayAndTotal
)

// ParseOptions reads the options label, color, labelColor, style, format and show. What is
// not given stays as it is in defaults. Anything else, an option given twice, or a
// value that an option can't have is an error that says what it can be; the result then has
// the other options.
func ParseOptions(query url.Values, defaults Options) (options Options, err error) {
	options = defaults
	for _, name := range sortedKeys(query) {
		wrong := options.set(name, query[name][0])
		if len(query[name]) > 1 {
			wrong = fmt.Errorf("the option %.40q is given twice", name)
		}
		err = cmp.Or(err, wrong)
	}
	return options, err
}

func (o *Options) set(name, value string) (err error) {
	switch name {
	case "label":
		if n := utf8.RuneCountInString(value); n > MaxLabel {
			return fmt.Errorf("label has %d characters: %d are allowed", n, MaxLabel)
		}
		if !utf8.ValidString(value) {
			return fmt.Errorf("label is not valid UTF-8")
		}
		o.Label = value
	case "color":
		o.Color, err = ParseColor(value)
	case "labelColor":
		o.LabelColor, err = ParseColor(value)
	case "style":
		o.Style, err = choose[Style](value, "flat", "flat-square", "plastic", "for-the-badge")
	case "format":
		o.Format, err = choose[Format](value, "plain", "grouped", "short")
	case "show":
		o.Show, err = choose[Show](value, "total", "today", "today-total")
	default:
		return fmt.Errorf("%.40q is not an option: use label, color, labelColor, style, format or show", name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// choose returns the place of the value among the names.
func choose[T ~int](value string, names ...string) (T, error) {
	i := slices.Index(names, value)
	if i < 0 {
		return 0, fmt.Errorf("%.40q is not one of %s", value, strings.Join(names, ", "))
	}
	return T(i), nil
}

func sortedKeys(query url.Values) []string {
	keys := make([]string, 0, len(query))
	for key := range query {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Badge returns the badge with a message.
func (o Options) Badge(message string) Badge {
	return Badge{Label: o.Label, Message: message, Color: o.Color, LabelColor: o.LabelColor, Style: o.Style}
}

// Numbers writes those of the numbers that the badge shows.
func (o Options) Numbers(today, total int64) string {
	switch o.Show {
	case Today:
		return o.Format.Number(today)
	case TodayAndTotal:
		return o.Format.Number(today) + " / " + o.Format.Number(total)
	default:
		return o.Format.Number(total)
	}
}

// Number writes a number in the format.
func (f Format) Number(n int64) string {
	switch f {
	case Grouped:
		return grouped(strconv.FormatInt(n, 10))
	case Short:
		return short(n)
	default:
		return strconv.FormatInt(n, 10)
	}
}

// grouped puts a comma before each three digits from the right.
func grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// short writes three digits at most and a letter for what is left out, such as 999,
// 1.2k, 12k and 123M.
func short(n int64) string {
	if n > -1000 && n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	thousands := (len(digits) - 1) / 3
	head := len(digits) - 3*thousands
	text := digits[:head]
	if head == 1 && digits[1] != '0' {
		text += "." + digits[1:2]
	}
	return sign + text + "kMGTPE"[thousands-1:thousands]
}
