package compat

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"example.com/herokuapp/app/internal/counters"
)

// errTooLong says that an address is longer than the service takes.
var errTooLong = errors.New("too long")

// keyOf returns the target of a service's key, whose parts are joined by a slash.
func keyOf(service string, parts ...string) (target, error) {
	page, err := counters.ParseKey(service, strings.Join(parts, "/"))
	t := target{page: page, key: parts[len(parts)-1]}
	if len(parts) > 1 {
		t.space = parts[0]
	}
	return t, err
}

// missing says that a request lacks a parameter.
func missing(parameter string) error {
	return fmt.Errorf("%w: %s is missing", counters.ErrAddress, parameter)
}

// pageAt returns the target of a page's address.
func (c *call) pageAt(address string) (target, error) {
	page, err := counters.ParsePage(address, c.keep)
	return target{page: page, onSite: true}, err
}

// byURL names a page by the parameter url.
func byURL(c *call) (target, error) {
	address := c.param("url")
	if address == "" {
		return target{}, missing("url")
	}
	return c.pageAt(address)
}

// byKey names a key by parameters with its parts.
func byKey(service string, parameters ...string) func(*call) (target, error) {
	return func(c *call) (target, error) {
		parts := make([]string, len(parameters))
		for i, parameter := range parameters {
			if parts[i] = c.param(parameter); parts[i] == "" {
				return target{}, missing(parameter)
			}
		}
		return keyOf(service, parts...)
	}
}

// spacedKey names a key in a namespace.
func spacedKey(c *call) (target, error) {
	space, key := c.segment("space"), c.segment("key")
	if strings.Contains(space, "/") {
		return target{}, fmt.Errorf("%w: a namespace has no slash", counters.ErrAddress)
	}
	return keyOf("counterapi", space, key)
}

// profileOf names the key of a profile.
func profileOf(c *call) (target, error) { return keyOf("profile-counter", c.segment("key")) }

// gitHubUser names the profile of a user of GitHub.
func gitHubUser(c *call) (target, error) {
	const longest = 39
	user := strings.ToLower(c.param("username"))
	if len(user) > longest || !isGitHubUser(user) {
		return target{}, fmt.Errorf("%w: invalid username", counters.ErrAddress)
	}
	return keyOf("ghpvc", user)
}

// isGitHubUser reports whether a text is letters and digits, with single hyphens between them.
func isGitHubUser(text string) bool {
	for part := range strings.SplitSeq(text, "-") {
		if part == "" || strings.ContainsFunc(part, notAlphanumeric) {
			return false
		}
	}
	return true
}

func notAlphanumeric(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

// notInName reports whether a character can't be in the name of a repository or of a key.
func notInName(r rune) bool { return notAlphanumeric(r) && !strings.ContainsRune("-_.", r) }

// gitHubRepository names a repository of GitHub.
func gitHubRepository(service string) func(*call) (target, error) {
	return func(c *call) (target, error) {
		u, r := c.segment("user"), c.segment("repository")
		if !isGitHubUser(u) || r == "" || strings.ContainsFunc(r, notInName) {
			return target{}, fmt.Errorf("%w: invalid user or repository", counters.ErrAddress)
		}
		return keyOf(service, u, r)
	}
}

// uri names the page whose address the path is.
func uri(c *call) (target, error) {
	const longest = 250
	address := c.PathValue("uri")
	if len(address) > longest {
		return target{}, fmt.Errorf("%w: %w: more than %d bytes", counters.ErrAddress, errTooLong, longest)
	}
	host, _, _ := strings.Cut(address, "/")
	if !strings.Contains(host, ".") {
		return target{}, fmt.Errorf("%w: it has no host", counters.ErrAddress)
	}
	return c.pageAt(address)
}

// asking names the page that asks: by a parameter or a header with its address, or else by the
// browser's Referer, which by default has only the host.
func asking(c *call) (target, error) {
	for _, address := range []string{c.param("url"), c.Header.Get("X-Bsz-Referer"), c.Referer(), origin(c.Request)} {
		if address != "" {
			return c.pageAt(address)
		}
	}
	return target{}, fmt.Errorf("%w: no Referer says which page asks", counters.ErrAddress)
}

// origin returns the site that asks, empty if the browser hides it.
func origin(r *http.Request) string {
	if text := r.Header.Get("Origin"); text != "null" {
		return text
	}
	return ""
}

// maxBody is the size limit of a body, in bytes.
const maxBody = 16 << 10

// indexedInBody names a page by the member "url" of a JSON object.
func indexedInBody(c *call) (target, error) {
	var body struct {
		URL string `json:"url"`
	}
	if err := json.NewDecoder(io.LimitReader(c.Body, maxBody)).Decode(&body); err != nil {
		return target{}, fmt.Errorf(`%w: the body is not JSON such as {"url": "https://example.com/"}`, counters.ErrAddress)
	}
	return c.indexed(body.URL)
}

// indexed names a page that is the same with and without an index at its end.
func (c *call) indexed(address string) (target, error) {
	if address == "" {
		return target{}, missing("url")
	}
	address, _, _ = strings.Cut(address, "#")
	address, query, hasQuery := strings.Cut(address, "?")
	address = strings.TrimSuffix(address, "/")
	for _, index := range []string{"/index", "/index.html", "/index.htm"} {
		address = strings.TrimSuffix(address, index)
	}
	if hasQuery {
		address += "?" + query
	}
	return c.pageAt(address)
}

// pathOnSite names a page by its path on the site that asks. If SITES has only one site, that
// site is meant.
func (c *call) pathOnSite(path string) (target, error) {
	host, ok := c.sites.Only()
	if !ok {
		site, err := c.pageAt(c.askingSite())
		if err != nil {
			return target{}, fmt.Errorf("%w: neither SITES nor a Referer says whose path it is", counters.ErrAddress)
		}
		host = site.page.Host
	}
	return c.pageAt(host + "/" + strings.TrimLeft(path, "/"))
}

// askingSite returns an address on the site that asks.
func (c *call) askingSite() string {
	if referrer := c.Referer(); referrer != "" {
		return referrer
	}
	return origin(c.Request)
}

// apiKey names a key by a namespace and a key, each of which may stand for the page that asks.
func apiKey(c *call) (target, error) {
	space, key, ok := strings.Cut(c.segment("name"), "/")
	if !ok {
		space, key = "", space
	}
	return c.keyIn(space, key)
}

// keyIn returns the target of a key in a namespace.
func (c *call) keyIn(space, key string) (target, error) {
	if space == "" {
		space = "default"
	}
	var page counters.Page
	for _, part := range []*string{&space, &key} {
		switch *part {
		case ":HOST:", ":PATHNAME:":
			if page.Host == "" {
				asking, err := c.pageAt(c.askingSite())
				if err != nil {
					return target{}, fmt.Errorf("%w: no Referer says which page asks", counters.ErrAddress)
				}
				page = asking.page
				page.Path, _, _ = strings.Cut(page.Path, "?")
			}
			if *part == ":HOST:" {
				*part = page.Host
			} else {
				*part = strings.TrimPrefix(page.Path, "/")
			}
			continue
		}
		if len(*part) < 3 || len(*part) > 64 || strings.ContainsFunc(*part, notInName) {
			return target{space: space, key: key}, fmt.Errorf("%w: a namespace and a key have 3 to 64 letters, digits or signs of _-. each", counters.ErrAddress)
		}
	}
	found, err := counters.ParseKey("countapi", space+"/"+key)
	return target{page: found, space: space, key: key}, err
}

// at names a counter by a name of at most 32 characters.
func at(c *call) (target, error) {
	name := c.segment("name")
	if utf8.RuneCountInString(name) > 32 {
		return target{}, fmt.Errorf("%w: a name has at most 32 characters", counters.ErrAddress)
	}
	return keyOf("moe", name)
}

// total stands for a whole site where a path is expected.
const total = "TOTAL"

// pathInQuery names a page by the parameter p, its path on the site that asks.
func pathInQuery(c *call) (target, error) {
	path := c.param("p")
	if path == "" {
		return target{}, missing("p")
	}
	return c.pathOnSite(path)
}

// pathInPath names a page by its path on the site that asks, or the whole site.
func pathInPath(c *call) (target, error) {
	path, err := counters.UnescapePage(c.PathValue("path"))
	if err != nil {
		return target{}, err
	}
	if path == total {
		t, err := c.pathOnSite("")
		t.key = total
		return t, err
	}
	return c.pathOnSite(path)
}

// indexedInQuery names a page by the parameter url.
func indexedInQuery(c *call) (target, error) { return c.indexed(c.param("url")) }

// newKey names a key to create. If the request names none, it chooses one that can't be guessed.
func newKey(c *call) (target, error) {
	space, key := c.param("namespace"), c.param("key")
	if key == "" {
		key = rand.Text()
	}
	return c.keyIn(space, key)
}
