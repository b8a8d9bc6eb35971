package templates

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"example.com/herokuapp/templates/badge"
)

//go:embed css/admin.css
var stylesheet []byte

// AdminPolicy is the Content-Security-Policy under which the admin pages work.
const AdminPolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'"

// AdminLogin is what the login page shows. It posts the field "password" to /admin/login.
type AdminLogin struct {
	// Message says what is wrong. Empty at first.
	Message string
}

// AdminName is a counter's name.
type AdminName struct {
	// Name is the name in the store, Shown the part of it that people see.
	Name, Shown string
	// Title is what people call the counter. If it is empty, they call it by its name.
	Title string
}

// AdminPlace is a place in the list, so that pages can lead back to it. The zero value is the
// beginning of the list.
type AdminPlace struct {
	// Sites says that this is the list of sites, not the list of pages.
	Sites bool
	// ByValue says that the list is sorted by value, not by name.
	ByValue bool
	// Prefix is what was searched for. After names the counter before the first one listed.
	Prefix, After string
}

// Values returns the parameters of an address that leads to the place.
func (p AdminPlace) Values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{"prefix": p.Prefix, "after": p.After} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if p.Sites {
		values.Set("list", "sites")
	}
	if p.ByValue {
		values.Set("sort", "value")
	}
	return values
}

// List returns the address of the list at the place.
func (p AdminPlace) List() string {
	if values := p.Values(); len(values) > 0 {
		return "/admin/counters?" + values.Encode()
	}
	return "/admin/counters"
}

// Counter returns the address of the page of a counter, which links back to the place.
func (p AdminPlace) Counter(name string) string {
	values := p.Values()
	values.Set("name", name)
	return "/admin/counter?" + values.Encode()
}

// From returns the place that begins after another counter.
func (p AdminPlace) From(after string) AdminPlace {
	p.After = after
	return p
}

// Sorted returns the beginning of the list, sorted by value or by name.
func (p AdminPlace) Sorted(byValue bool) AdminPlace {
	p.After, p.ByValue = "", byValue
	return p
}

// Of returns the beginning of the list of sites, or of the list of pages.
func (p AdminPlace) Of(sites bool) AdminPlace {
	return AdminPlace{Sites: sites, ByValue: p.ByValue}
}

// AdminCounters is what the list of the counters shows.
type AdminCounters struct {
	// Message says why nothing can be listed. Empty if it can.
	Message string
	// Place is where in the list this is.
	Place AdminPlace
	// Rows are the counters From to To, counted from 1, of Total.
	Rows            []AdminRow
	From, To, Total int
	// Earlier says that there are counters before the first row. Previous is the
	// [AdminPlace.After] of the page before this one.
	Earlier  bool
	Previous string
	// Next is the [AdminPlace.After] of the next page. Empty on the last.
	Next string
	// Store is what is known of where the counts are kept.
	Store AdminStore
}

// AdminRow is one counter of the list.
type AdminRow struct {
	AdminName
	Value int64
}

// AdminStore is what is known of the store and of the process.
type AdminStore struct {
	Name string
	// Fault is why the store does not answer. Empty if it does.
	Fault string
	// Gathers says that additions go through a decorator that knows Pending,
	// Healed and Failing.
	Gathers         bool
	Pending, Healed int64
	Failing         bool
	Warnings        []string
	Revision        string
	Uptime          string
}

// AdminCounter is what the page of one counter shows.
type AdminCounter struct {
	AdminName
	Place AdminPlace
	// Value means nothing unless Known.
	Value int64
	Known bool
	// Notice says what was done, Message what is wrong. Each may be empty.
	Notice, Message string
	// Add and Set are what was typed into these fields.
	Add, Set string
	// Badge is the path of the badge that shows the value without counting. Empty if there
	// is none.
	Badge string
	// Stats is the path of the stats page. Empty if there is none.
	Stats string
	// Snippets are what to paste elsewhere, to count and to show the number.
	Snippets []AdminSnippet
	// CanMove says that the counter can be renamed, Site that it is the counter of a site.
	CanMove, Site bool
	// NoCount says why badges and scripts elsewhere don't count the page. Empty if they do.
	NoCount string
}

// AdminSnippet is something to paste.
type AdminSnippet struct {
	Title, Text string
}

// AdminConfirm is what is asked before a counter is changed.
type AdminConfirm struct {
	// Action is "set", "add" or "reset".
	Action string
	AdminName
	Place AdminPlace
	// Message says what has changed since the question was asked before. Empty the first time.
	Message string
	// Before and After are the values before and after the change, Value is what was typed.
	Before, After, Value int64
	// Once is a token that keeps the form from being carried out twice.
	Once string
	// Again says that the question was asked before.
	Again bool
}

// AdminImport is what the page for exports and imports shows.
type AdminImport struct {
	Message string
	// Backup says that the store can be copied as a whole.
	Backup bool
	// Once is a token that keeps the form from being carried out twice.
	Once string
	// Add says that the lines are to be added, not set.
	Add bool
	// Report is nil before an import.
	Report *AdminReport
}

// AdminReport is what an import did.
type AdminReport struct {
	// Added says that lines were added, not set.
	Added bool
	// How many lines changed a counter, did not have to, are kept by the store, were refused.
	Changed, Unchanged, Pending, Refused int
	// Complete says that no line was refused or left out.
	Complete bool
	// Stopped says why, and where, the import ended early. Empty if it did not.
	Stopped string
	// Faults are the first of the refused lines, MoreFaults how many others there are.
	Faults     []AdminFault
	MoreFaults int
}

// AdminFault is a line that was refused.
type AdminFault struct {
	Line int
	Why  string
}

// AdminProblem is what an admin page shows if it can't show what was asked for.
type AdminProblem struct {
	Title, Text string
	// About is the counter that the problem is about. It has no name if there is none.
	About AdminName
}

// AdminLogin returns the login page as HTML in UTF-8, as do all methods that follow.
func (p *Pages) AdminLogin(data AdminLogin) ([]byte, error) { return p.admin("login", data) }

// AdminCounters returns the list of the counters.
func (p *Pages) AdminCounters(data AdminCounters) ([]byte, error) { return p.admin("counters", data) }

// AdminCounter returns the page of one counter.
func (p *Pages) AdminCounter(data AdminCounter) ([]byte, error) { return p.admin("counter", data) }

// AdminConfirm returns the page that asks before a counter is changed.
func (p *Pages) AdminConfirm(data AdminConfirm) ([]byte, error) { return p.admin("confirm", data) }

// AdminImport returns the page for exports and imports.
func (p *Pages) AdminImport(data AdminImport) ([]byte, error) { return p.admin("import", data) }

// AdminProblem returns a page that says what is wrong.
func (p *Pages) AdminProblem(data AdminProblem) ([]byte, error) { return p.admin("problem", data) }

// AdminStylesheet returns the path of the admin pages' stylesheet, and the stylesheet. What is
// at the path never changes.
func AdminStylesheet() (path string, css []byte) {
	sum := sha256.Sum256(stylesheet)
	return "/admin/" + hex.EncodeToString(sum[:8]) + ".css", stylesheet
}

func (p *Pages) admin(page string, data any) ([]byte, error) {
	return render(p.all.Lookup("admin-"+page+".html"), data)
}

// functions are those that the pages call.
func functions() template.FuncMap {
	path, _ := AdminStylesheet()
	return template.FuncMap{
		"stylesheet":  func() string { return path },
		"escaped":     escaped,
		"grouped":     Grouped[int64],
		"count":       Grouped[int],
		"sparkline":   sparkline,
		"statsStyle":  func() template.CSS { return template.CSS(statsStyle()) }, //nolint:gosec // part of the program
		"statsScript": func() template.JS { return template.JS(statsScript) },    //nolint:gosec // part of the program
		"statsZones":  statsZones,
	}
}

// Grouped returns a number as people read it: 1,234,567.
func Grouped[T int | int64](number T) string { return badge.Grouped.Number(int64(number)) }

// escaped returns the name with its invisible characters escaped, or "" if it has none.
func escaped(name string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) || unicode.Is(unicode.M, r) }
	if !strings.ContainsFunc(name, hidden) {
		return ""
	}
	quoted := strconv.QuoteToASCII(name)
	return quoted[1 : len(quoted)-1]
}

// AdminMove is what is asked before a counter is renamed, or merged with another.
type AdminMove struct {
	From, To AdminName
	// Typed is the text that the form sends back for To.
	Typed string
	Place AdminPlace
	// Alias says that the old name goes on counting for the new one.
	Alias bool
	// Moved is the value that moves. Before and After are the values of To before and after.
	Moved, Before, After int64
	// Pages is how many pages move with their site.
	Pages int
}

// AdminAliases is what the list of aliases shows.
type AdminAliases struct {
	Notice string
	Rows   []AdminAlias
	// Most is how many there can be.
	Most int
}

// AdminAlias is an old name that counts for a new one.
type AdminAlias struct {
	From, To AdminName
	Since    string
}

// AdminMove returns the page that asks before a counter is renamed.
func (p *Pages) AdminMove(data AdminMove) ([]byte, error) { return p.admin("move", data) }

// AdminAliases returns the list of aliases.
func (p *Pages) AdminAliases(data AdminAliases) ([]byte, error) { return p.admin("aliases", data) }
