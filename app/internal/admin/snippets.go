package admin

import (
	"fmt"
	"net/http"
	"strings"

	"example.com/herokuapp/app/internal/auth"
	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/templates"
)

// unknownOrigin stands for this server's address if the request does not reveal it.
const unknownOrigin = "https://views.example.org"

// addSnippets adds the texts to paste elsewhere to count the counter's page and to show its
// number. None of their parts has a character with a meaning in HTML, Markdown or a shell.
func (s *site) addSnippets(r *http.Request, data *templates.AdminCounter) {
	origin := s.about.Proxies.Origin(r)
	if origin == "" {
		origin = unknownOrigin
	}
	badge := func(path string) {
		data.Badge = path + "?read"
		data.Snippets = append(data.Snippets,
			templates.AdminSnippet{Title: "A badge in Markdown, such as a README", Text: fmt.Sprintf("![views](%s%s)", origin, path)},
			templates.AdminSnippet{Title: "A badge in HTML", Text: fmt.Sprintf(`<img src="%s%s" alt="views">`, origin, path)})
	}
	stats := func(path string) {
		if s.about.Stats {
			data.Stats = auth.Root + "stats" + path
		}
	}
	script := func(title, text string) {
		data.Snippets = append(data.Snippets, templates.AdminSnippet{
			Title: title, Text: fmt.Sprintf("<script src=\"%s/embed.js\" defer></script>\n%s", origin, text),
		})
	}
	curl := func(title, text string) {
		data.Snippets = append(data.Snippets, templates.AdminSnippet{Title: title, Text: text})
	}
	if data.Name == counters.Home {
		stats("")
		badge("/badge.svg")
		curl("In a program: read it", fmt.Sprintf("curl '%s/api/v1/views'", origin))
		return
	}
	if host, ok := strings.CutPrefix(data.Name, counters.SitePrefix); ok {
		root, err := counters.ParsePage(host, nil)
		if err != nil || root.Site() != data.Name || !s.counts(root, data) {
			return
		}
		script("A script in each page of the site: counts the page and shows the number of the site", `<p>This site was viewed <span data-views="site"></span> times.</p>`)
		curl("In a program: read it", fmt.Sprintf("curl '%s/api/v1/sites/%s'", origin, strings.TrimSuffix(root.Escaped(), "/")))
		return
	}
	page, err := counters.ParsePage(strings.TrimPrefix(data.Name, counters.PagePrefix), s.about.KeepQuery)
	if err != nil || page.Counter() != data.Name {
		return // counted by another program of the owner's, or imported
	}
	if !s.counts(page, data) {
		return
	}
	stats("/" + page.Escaped())
	badge("/badge/" + page.Escaped() + ".svg")
	script("A script in the page itself", `<p>This page was viewed <span data-views></span> times.</p>`)
	curl("In a program: count a view", fmt.Sprintf("curl -X POST '%s/api/v1/views/%s'", origin, page.Escaped()))
	curl("In a program: read it", fmt.Sprintf("curl '%s/api/v1/views/%s'", origin, page.Escaped()))
}

// counts reports whether views of the page are counted here under its own name. If not,
// the data says so.
func (s *site) counts(page counters.Page, data *templates.AdminCounter) bool {
	switch host, ok := s.about.Sites.Host(page.Host); {
	case !ok:
		data.NoCount = "SITES does not list " + page.Host + ", so nothing more is counted here."
	case host != page.Host:
		data.NoCount = "SITES says that " + page.Host + " is counted as " + host + ", so nothing more is counted here."
	default:
		return true
	}
	return false
}
