package templates

import (
	"fmt"
	"html/template"
	"strings"
)

// AdminDashboard is the owner's overview of all pages.
type AdminDashboard struct {
	// Message says why there are no numbers. Empty if there are.
	Message string
	// Age is how old the numbers are, in words.
	Age string
	// Pages is how many pages there are, Read how many of them the numbers include. Reading
	// says that more are being read.
	Pages, Read int
	Reading     bool
	// Today, Week and Month are the views of all pages.
	Today, Week, Month int64
	// Days are the views of all pages by day. The last is today's.
	Days []int64
	// Lists are the pages with the most views, and the new ones.
	Lists []AdminTop
	// Skipped says what did not count since the start of the process.
	Skipped []AdminSkipped
	Store   AdminStore
}

// AdminTop is a list of pages.
type AdminTop struct {
	ID, Title string
	// None is shown in place of an empty list.
	None string
	Rows []AdminTopRow
}

// AdminTopRow is a page in an [AdminTop] list.
type AdminTopRow struct {
	AdminName
	Views int64
	Days  []int64
}

// AdminSkipped is a reason for which requests did not count.
type AdminSkipped struct {
	Why   string
	Count int64
}

// AdminDashboard returns the owner's overview.
func (p *Pages) AdminDashboard(data AdminDashboard) ([]byte, error) {
	return p.admin("dashboard", data)
}

// sparkline draws numbers as bars as high as a line of text. Screen readers skip it and read
// the number beside it.
func sparkline(numbers []int64) template.HTML {
	const high, step = 20, 4
	most := int64(1)
	for _, n := range numbers {
		most = max(most, n)
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg class="spark" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" aria-hidden="true">`, step*len(numbers), high)
	for i, n := range numbers {
		if n > 0 {
			bar := max(1, float64(n)/float64(most)*high)
			fmt.Fprintf(&svg, `<rect x="%d" y="%.1f" width="%d" height="%.1f"/>`, step*i, high-bar, step-1, bar)
		}
	}
	svg.WriteString(`</svg>`)
	return template.HTML(svg.String()) //nolint:gosec // made of numbers alone
}
