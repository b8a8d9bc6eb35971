package templates

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"

	"example.com/herokuapp/templates/chart"
)

//go:embed css/stats.css
var statsStylesheet string

//go:embed js/stats.js
var statsScript string

// Stats is what the stats page shows: when a page was viewed.
type Stats struct {
	// Name is the page. If it is empty, it is the home page.
	Name string
	// Total is how often it was viewed. AtLeast says that more views may have been counted.
	Total   int64
	AtLeast bool
	// Since is a sentence that says on which day the history begins. It may be empty.
	Since string
	// Cards are numbers to compare.
	Cards []StatsCard
	// Charts show the numbers over time.
	Charts []StatsChart
	// Notes are sentences about what the charts don't say.
	Notes []string
	// Form is what was asked for, Zone the time zone in use.
	Form StatsForm
	Zone string
	// Problem says why the charts that were asked for are missing. Empty if they are there.
	Problem string
	// Events is the address of a stream of the total, History the address of the charts'
	// numbers.
	Events, History string
}

// StatsCard is a number, what it is, and a remark, which may be empty.
type StatsCard struct {
	Title  string
	Views  int64
	Remark string
}

// StatsChart is a chart and its numbers.
type StatsChart struct {
	// ID differs from those of the other charts.
	ID, Title string
	// Step is what each number counts: "hour", "day", "week" or "month".
	Step string
	// Sum is the sum of the numbers.
	Sum  int64
	Bars []chart.Bar
}

// Drawing returns the chart as SVG.
func (c StatsChart) Drawing() template.HTML {
	return template.HTML(chart.Chart{Title: c.Title, Bars: c.Bars}.Part()) //nolint:gosec // the texts in it are escaped
}

// StatsForm is what was typed into the form. Empty fields have defaults.
type StatsForm struct {
	From, To, Step, Zone string
}

// Steps are the steps that the form offers.
func (StatsForm) Steps() []string { return []string{"hour", "day", "week", "month"} }

// Stats returns the stats page as HTML in UTF-8.
func (p *Pages) Stats(data Stats) ([]byte, error) { return render(p.all.Lookup("stats.html"), data) }

// StatsPolicy returns the Content-Security-Policy under which [Pages.Stats] works. It allows
// only the page's own style and script, and requests to this server.
func StatsPolicy() string {
	return "default-src 'none'; style-src '" + hashOf(statsStyle()) + "'; script-src '" + hashOf(statsScript) +
		"'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// statsStyle returns the style of the page and of its charts.
func statsStyle() string { return statsStylesheet + chart.Stylesheet() }

// statsZones are the time zones that the form suggests.
func statsZones() []string {
	return []string{
		"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "America/Chicago", "America/Denver", "America/Los_Angeles",
		"America/Mexico_City", "America/New_York", "America/Sao_Paulo", "America/Toronto", "Asia/Dubai", "Asia/Jakarta", "Asia/Kolkata",
		"Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Europe/Berlin", "Europe/Istanbul",
		"Europe/London", "Europe/Madrid", "Europe/Paris", "Europe/Warsaw", "Pacific/Auckland",
	}
}

// hashOf returns the hash of a script or a style as a Content-Security-Policy names it.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
