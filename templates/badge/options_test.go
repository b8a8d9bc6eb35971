package badge_test

import (
	"math"
	"net/url"
	"strings"
	"testing"

	"example.com/herokuapp/templates/badge"
)

func TestParseOptions(t *testing.T) {
	defaults := badge.Options{Label: "views"}
	for query, want := range map[string]badge.Options{
		"":                       defaults,
		"label=seen+by":          {Label: "seen by"},
		"label=":                 {},
		"style=plastic":          {Label: "views", Style: badge.Plastic},
		"format=short":           {Label: "views", Format: badge.Short},
		"color=red":              {Label: "views", Color: badge.Red()},
		"labelColor=%23DD4343":   {Label: "views", LabelColor: badge.Red()},
		"color=f00&style=flat":   {Label: "views", Color: color(t, "#ff0000")},
		"color=critical":         {Label: "views", Color: badge.Red()},
		"style=for-the-badge":    {Label: "views", Style: badge.ForTheBadge},
		"format=grouped&label=n": {Label: "n", Format: badge.Grouped},
		"show=today-total":       {Label: "views", Show: badge.TodayAndTotal},
		"show=total":             {Label: "views"},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := badge.ParseOptions(values, defaults); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", query, got, err, want)
		}
	}
}

// What can't be right is refused, by an error that names the option and what it can be.
func TestParseOptionsRefuses(t *testing.T) {
	for query, want := range map[string]string{
		"colour=red":           `"colour" is not an option`,
		"color=":               "color: ",
		"color=reddish":        `color: "reddish" is not a colour`,
		"color=12345":          "hexadecimal digits",
		"color=ggg":            "color: ",
		"color=%2B12345":       "color: ",
		"color=url(%23a)":      "color: ",
		"labelColor=%22":       "labelColor: ",
		"style=round":          `style: "round" is not one of flat, flat-square`,
		"style=Flat":           "style: ",
		"format=roman":         "format: ",
		"show=yesterday":       `show: "yesterday" is not one of total, today, today-total`,
		"label=a&label=b":      `"label" is given twice`,
		"label=%ff":            "label is not valid UTF-8",
		"label=" + long(101):   "label has 101 characters",
		"color=" + long(10000): "color: ",
		long(10000) + "=1":     "is not an option",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = badge.ParseOptions(values, badge.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 200 {
			t.Errorf("%.40q: %v; want %q, shortly", query, err, want)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func TestFormats(t *testing.T) {
	for n, want := range map[int64][3]string{
		0:             {"0", "0", "0"},
		999:           {"999", "999", "999"},
		1000:          {"1000", "1,000", "1k"},
		1099:          {"1099", "1,099", "1k"},
		1999:          {"1999", "1,999", "1.9k"},
		12345:         {"12345", "12,345", "12k"},
		999999:        {"999999", "999,999", "999k"},
		1234567:       {"1234567", "1,234,567", "1.2M"},
		-12345:        {"-12345", "-12,345", "-12k"},
		-999:          {"-999", "-999", "-999"},
		math.MaxInt64: {"9223372036854775807", "9,223,372,036,854,775,807", "9.2E"},
		math.MinInt64: {"-9223372036854775808", "-9,223,372,036,854,775,808", "-9.2E"},
	} {
		for format, want := range want {
			if got := badge.Format(format).Number(n); got != want {
				t.Errorf("format %d of %d is %q; want %q", format, n, got, want)
			}
		}
	}
}

// FuzzParseOptions: no query panics, and what is accepted can be drawn.
func FuzzParseOptions(f *testing.F) {
	for _, query := range []string{"label=a&color=red", "color=%23fff&style=plastic", "label=%ff", "style=&format=", "color=#", "&;=&"} {
		f.Add(query)
	}
	drawer := newDrawer(f)
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Skip("not a query")
		}
		options, err := badge.ParseOptions(values, badge.Options{})
		if err != nil {
			return
		}
		parse(t, drawer.Draw(options.Badge("42")))
	})
}

func TestNumbers(t *testing.T) {
	for show, want := range map[badge.Show]string{badge.Total: "1,234,567", badge.Today: "1,000", badge.TodayAndTotal: "1,000 / 1,234,567"} {
		if got := (badge.Options{Show: show, Format: badge.Grouped}).Numbers(1000, 1_234_567); got != want {
			t.Errorf("%d: %s; want %s", show, got, want)
		}
	}
}
