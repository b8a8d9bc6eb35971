package templates_test

import (
	"strings"
	"testing"

	"example.com/herokuapp/templates"
)

// Every text that an admin page shows is escaped, and each page has its frame.
func TestAdminPagesEscape(t *testing.T) {
	const hostile = `"><script>alert('1')</script></title>&amp;{{.}}` + "\u202e"
	pages := newPages(t)
	name, place := templates.AdminName{Name: hostile, Shown: hostile, Title: hostile}, templates.AdminPlace{Prefix: hostile, After: hostile}
	stylesheet, css := templates.AdminStylesheet()
	if len(css) == 0 || !strings.HasPrefix(stylesheet, "/admin/") || !strings.HasSuffix(stylesheet, ".css") {
		t.Errorf("the stylesheet is at %q and has %d bytes", stylesheet, len(css))
	}
	for name, render := range map[string]func() ([]byte, error){
		"login": func() ([]byte, error) { return pages.AdminLogin(templates.AdminLogin{Message: hostile}) },
		"counters": func() ([]byte, error) {
			return pages.AdminCounters(templates.AdminCounters{
				Message: hostile, Place: place, Rows: []templates.AdminRow{{AdminName: name, Value: 41}}, Earlier: true, Previous: hostile, Next: hostile,
				Store: templates.AdminStore{Name: hostile, Fault: hostile, Gathers: true, Warnings: []string{hostile}, Revision: hostile, Uptime: hostile},
			})
		},
		"counter": func() ([]byte, error) {
			return pages.AdminCounter(templates.AdminCounter{
				AdminName: name, Place: place, Notice: hostile, Message: hostile, Add: hostile, Set: hostile,
				Badge: hostile, Snippets: []templates.AdminSnippet{{Title: hostile, Text: hostile}}, NoCount: hostile,
			})
		},
		"confirm": func() ([]byte, error) {
			return pages.AdminConfirm(templates.AdminConfirm{Action: hostile, AdminName: name, Place: place, Message: hostile, Once: hostile})
		},
		"import": func() ([]byte, error) {
			return pages.AdminImport(templates.AdminImport{Message: hostile, Once: hostile, Report: &templates.AdminReport{
				Stopped: hostile, Faults: []templates.AdminFault{{Line: 1, Why: hostile}},
			}})
		},
		"problem": func() ([]byte, error) {
			return pages.AdminProblem(templates.AdminProblem{Title: hostile, Text: hostile, About: name})
		},
	} {
		html, err := render()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantAll(t, string(html), "<!DOCTYPE html>", `<html lang="en">`, `<meta name="viewport"`, "<main", "</main>\n</body>\n</html>\n",
			`<link rel="stylesheet" href="`+stylesheet+`">`)
		if strings.Contains(string(html), "<script") || strings.Count(string(html), "</title>") != 1 {
			t.Errorf("%s is not escaped: %s", name, html)
		}
	}
}

func TestGrouped(t *testing.T) {
	for number, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 123456: "123,456", 123456789012: "123,456,789,012",
		-5: "-5", -999: "-999", -1000: "-1,000", 1<<63 - 1: "9,223,372,036,854,775,807", -1 << 63: "-9,223,372,036,854,775,808",
	} {
		if got := templates.Grouped(number); got != want {
			t.Errorf("%d is %s; want %s", number, got, want)
		}
	}
}
