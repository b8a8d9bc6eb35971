package compat

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates/badge"
)

// parameter is a parameter of the query, and its value if it is not given.
type parameter struct{ name, value string }

// look is how a service draws its badges. What a request can't choose has a parameter
// without a name.
type look struct {
	label, color, labelColor parameter
	// textColor is the colour of the texts, and title the title of the image. Without a
	// value, a badge has its usual ones.
	textColor, title parameter
	// style is the badge's style, unless the parameter styles names another.
	style  badge.Style
	styles string
	// text returns what the badge says. If it is nil, the badge says the number.
	text func(*call, outcome, int64) string
	// pixels also has a style that shows nothing.
	pixels bool
	// wrong is the status of a badge that says what is wrong with a request.
	wrong int
	// cache replaces Cache-Control.
	cache string
}

// answer draws a badge.
func (l look) answer(w http.ResponseWriter, c *call, o outcome) {
	if l.cache != "" {
		w.Header().Set("Cache-Control", l.cache)
	}
	if l.pixels && c.param(l.styles) == "pixel" && !o.bad {
		writeSVG(w, http.StatusOK, []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>`))
		return
	}
	drawn := badge.Badge{
		Label: cut(c.value(l.label)), Color: c.color(l.color), LabelColor: c.color(l.labelColor), Style: l.styleOf(c),
		TextColor: c.color(l.textColor), Title: cut(c.value(l.title)),
	}
	status := http.StatusOK
	number, known := o.number()
	switch {
	case o.bad:
		drawn.Message, drawn.Color = wrongText(o.err), badge.Red()
		if l.wrong != 0 {
			status = l.wrong
		}
		if errors.Is(o.err, errTooLong) {
			status = http.StatusRequestURITooLong
		}
	case !known:
		drawn.Message, drawn.Color = "unavailable", badge.LightGrey()
	case l.text != nil:
		drawn.Message = l.text(c, o, number)
	default:
		drawn.Message = strconv.FormatInt(number, 10)
	}
	if known && o.Page.AtLeast && !o.bad {
		drawn.Message = "≥ " + drawn.Message
	}
	writeSVG(w, status, c.drawer.Draw(drawn))
}

func writeSVG(w http.ResponseWriter, status int, image []byte) {
	respond.Write(w, status, "image/svg+xml; charset=utf-8", image)
}

// wrongText says what is wrong with a request, in a few words that fit a badge.
func wrongText(err error) string {
	return cut(strings.TrimPrefix(err.Error(), counters.ErrAddress.Error()+": "))
}

// value returns the parameter's value, or its default if the query does not have it.
func (c *call) value(p parameter) string {
	if p.name != "" && c.values.Has(p.name) {
		return c.param(p.name)
	}
	return p.value
}

// color returns the parameter's colour, or its default if the value is not a colour.
func (c *call) color(p parameter) badge.Color {
	for _, text := range []string{c.value(p), p.value} {
		if color, err := badge.ParseColor(text); err == nil {
			return color
		}
	}
	return badge.Color{}
}

// styleOf returns the style that the request names, or the look's own.
func (l look) styleOf(c *call) badge.Style {
	if l.styles == "" {
		return l.style
	}
	switch c.param(l.styles) {
	case "flat-square":
		return badge.FlatSquare
	case "plastic":
		return badge.Plastic
	case "for-the-badge":
		return badge.ForTheBadge
	default:
		return l.style
	}
}

// cut shortens a text to the longest that a badge may have.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if letters := []rune(text); len(letters) > badge.MaxLabel {
		return string(letters[:badge.MaxLabel])
	}
	return text
}

// more returns the number plus what a parameter adds to it for show. It counts nothing.
func (c *call) more(number int64, parameter string) int64 {
	extra, err := strconv.ParseInt(c.param(parameter), 10, 64)
	if err != nil || extra < 0 {
		return number
	}
	return plus(number, extra)
}

// profileViews is the number plus base, with commas or abbreviated.
func profileViews(c *call, _ outcome, number int64) string {
	number = c.more(number, "base")
	if is(c.param("abbreviated")) {
		return short(number)
	}
	return badge.Grouped.Number(number)
}

// visits is the number, possibly abbreviated.
func visits(c *call, _ outcome, number int64) string {
	if is(c.param("format")) {
		return short(number)
	}
	return strconv.FormatInt(number, 10)
}

// short abbreviates a number, as in 10K.
func short(number int64) string { return strings.ToUpper(badge.Short.Number(number)) }

// is reports whether a parameter says yes.
func is(text string) bool {
	yes, err := strconv.ParseBool(text)
	return err == nil && yes
}

// profile draws the views of a profile. Without a name there is nothing to draw.
func profile(w http.ResponseWriter, c *call, o outcome) {
	if !c.values.Has("username") {
		// Don't redirect to the home page, which would count a view of its own.
		http.Redirect(w, c.Request, "/badge.svg", http.StatusFound)
		return
	}
	look{label: parameter{"label", "Profile views"}, color: parameter{"color", "blue"}, styles: "style", pixels: true, text: profileViews}.answer(w, c, o)
}

// gitHubHits draws the hits of a repository.
func gitHubHits(w http.ResponseWriter, c *call, o outcome) {
	look{label: parameter{"", "hits"}, color: parameter{"color", "#4c1"}, styles: "style", wrong: http.StatusBadRequest}.answer(w, c, o)
}

// shield draws the number of a key.
func shield(w http.ResponseWriter, c *call, o outcome) {
	look{label: parameter{"text", "counter"}, color: parameter{"bgcolor", "007ec6"}, textColor: parameter{"textcolor", "fff"}, styles: "style", wrong: http.StatusBadRequest}.answer(w, c, o)
}
