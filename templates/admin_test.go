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
	stylesheet, css := templates.AdminStylesheet()
	if len(css) == 0 || !strings.HasPrefix(stylesheet, "/admin/") || !strings.HasSuffix(stylesheet, ".css") {
		t.Errorf("the stylesheet is at %q and has %d bytes", stylesheet, len(css))
	}
	for name, render := range map[string]func() ([]byte, error){
		"login": func() ([]byte, error) { return pages.AdminLogin(templates.AdminLogin{Message: hostile}) },
		"counters": func() ([]byte, error) {
			return pages.AdminCounters(templates.AdminCounters{
				Message: hostile, Prefix: hostile, Rows: []templates.AdminRow{{Name: hostile, Value: 41}}, Later: true, Next: hostile,
				Store: templates.AdminStore{Name: hostile, Fault: hostile, Gathers: true, Warnings: []string{hostile}, Revision: hostile, Uptime: hostile},
			})
		},
		"counter": func() ([]byte, error) {
			return pages.AdminCounter(templates.AdminCounter{Name: hostile, Notice: hostile, Message: hostile, Add: hostile, Set: hostile})
		},
		"confirm": func() ([]byte, error) {
			return pages.AdminConfirm(templates.AdminConfirm{Action: hostile, Title: hostile, Name: hostile, Message: hostile, Once: hostile})
		},
		"import": func() ([]byte, error) {
			return pages.AdminImport(templates.AdminImport{Message: hostile, Once: hostile, Report: &templates.AdminReport{
				Stopped: hostile, Faults: []templates.AdminFault{{Line: 1, Why: hostile}},
			}})
		},
		"problem": func() ([]byte, error) {
			return pages.AdminProblem(templates.AdminProblem{Title: hostile, Text: hostile, Name: hostile})
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
