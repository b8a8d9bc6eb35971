package moving

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"example.com/herokuapp/app/internal/counters"
)

// service is another counter service.
type service struct {
	// name is its short name, which begins the names of its counters here.
	name string
	// title is what people call it.
	title string
	// hosts are those of its addresses. A host that begins with a dot stands for its subdomains.
	hosts []string
	// key finds the counter's key in an address of the service.
	key func(u *url.URL) (key, error)
	// byKey reports whether its counters have keys of their own, not the addresses of pages.
	byKey bool
	// read reads the counter. It is nil if the service is gone.
	read func(ask asker, k key) (answer, error)
	// adds reports whether reading a counter adds one to it.
	adds bool
}

// key names a counter at a service.
type key struct {
	// text is what the service calls it. The same text is the same counter.
	text string
	// page is the page that it counts.
	page counters.Page
}

// answer is what a service says about a counter.
type answer struct {
	total int64
	days  []day
	// site is the total of the page's whole site, or -1 if the service has none. It is then
	// part of the site's counter that the totals of its pages are not added to.
	site int64
}

// day is what was counted on a day.
type day struct {
	date  string // such as 2026-11-26, possibly followed by a time
	count int64
}

// errKey says that an address of a service names no counter of it.
var errKey = errors.New("it names no counter")

// services returns the table of the services.
func services() []service {
	return []service{
		{
			name: "ghpvc", byKey: true, title: "GitHub Profile Views Counter", hosts: []string{"komarev.com"},
			key: inQuery("/ghpvc", "username", lower), read: svgAt("https://komarev.com/ghpvc/?username=%s"),
		},
		{
			name: "visitor-badge", byKey: true, title: "Visitor Badge", hosts: []string{"visitor-badge.laobi.icu"},
			key: inQuery("/badge", "page_id", same), read: svgAt("https://visitor-badge.laobi.icu/badge?page_id=%s&query_only=true"),
		},
		{name: "visitor-badge", byKey: true, title: "Visitor Badge at Glitch", hosts: []string{"visitor-badge.glitch.me"}, key: inQuery("/badge", "page_id", same)},
		{name: "seeyoufarm", title: "HITS", hosts: []string{"hits.seeyoufarm.com"}, key: pageInQuery("/api/count/", "url")},
		{name: "hits.sh", title: "hits.sh", hosts: []string{"hits.sh"}, key: hitsPath, read: readHits},
		{
			name: "dwyl", byKey: true, title: "dwyl/hits", hosts: []string{"hits.dwyl.com"}, adds: true,
			key: inPath(`^/([[:alnum:]-]{1,39}/[[:alnum:]\-_.]{1,100}?)(?:\.svg|\.json)?$`), read: readField("https://hits.dwyl.com/%s.json", "message"),
		},
		{name: "hitscounter", title: "HitsCounter", hosts: []string{"hitscounter.dev"}, key: pageInQuery("/", "url"), read: readHitsCounter},
		{name: "pufler", byKey: true, title: "Badges by pufler.dev", hosts: []string{"badges.pufler.dev"}, key: inPath(`^/visits/([^/]{1,39}/[^/]{1,100})$`)},
		{name: "profile-counter", byKey: true, title: "Profile Counter", hosts: []string{"profile-counter.glitch.me"}, key: inPath(`^/([^/]{1,100})(?:/|/count\.svg)$`)},
		{
			name: "moe", byKey: true, title: "Moe Counter", hosts: []string{"count.getloli.com"}, adds: true,
			key: inPath(`^/(?:get/|record/)?@([^/]{1,32})$`), read: readField("https://count.getloli.com/record/@%s", "num"),
		},
		{name: "visitorbadge", byKey: true, title: "VisitorBadge", hosts: []string{"visitorbadge.io", "api.visitorbadge.io", "www.visitorbadge.io"}, key: visitorBadge, read: readVisitorBadge},
		{
			name: "counterapi", byKey: true, title: "CounterAPI", hosts: []string{"api.counterapi.dev", "counterapi.dev"},
			key: inPath(`^/v1/([^/]{1,100}/[^/]{1,100}?)(?:/|/up|/down|/set|/list)?$`), read: readCounterAPI,
		},
		{name: "countapi", byKey: true, title: "CountAPI", hosts: []string{"api.countapi.xyz", "countapi.xyz"}, key: countAPI("")},
		{
			name: "countapi", byKey: true, title: "Abacus", hosts: []string{"abacus.jasoncameron.dev"},
			key: countAPI(""), read: readField("https://abacus.jasoncameron.dev/get/%s", "value"),
		},
		{
			name: "countapi", byKey: true, title: "CountAPI by mileshilliard", hosts: []string{"countapi.mileshilliard.com"},
			key: countAPI("/api/v1"), read: readMiles,
		},
		{name: "goatcounter", title: "GoatCounter", hosts: []string{".goatcounter.com"}, key: goatPath, read: readGoat},
		// These two know pages by their own addresses.
		{name: "vercount", title: "Vercount", hosts: []string{"events.vercount.one"}, key: pageInQuery("/", "url"), read: readVercount},
		{name: "busuanzi", title: "Busuanzi", hosts: []string{"busuanzi.ibruce.info"}, key: noKey, read: readBusuanzi, adds: true},
	}
}

// find returns the service with the host, which is in lower case.
func (r *Reader) find(host string) (service, bool) {
	for _, s := range r.services {
		for _, own := range s.hosts {
			if host == own || strings.HasPrefix(own, ".") && strings.HasSuffix(host, own) {
				return s, true
			}
		}
	}
	return service{}, false
}

// named returns the service with the short name that knows pages by their own addresses.
func (r *Reader) named(name string) (service, bool) {
	for _, s := range r.services {
		if s.name == name && (name == "vercount" || name == "busuanzi" || name == "goatcounter") {
			return s, true
		}
	}
	return service{}, false
}

func same(text string) string  { return text }
func lower(text string) string { return strings.ToLower(text) }

func noKey(*url.URL) (key, error) {
	return key{}, errors.New("paste the addresses of your pages, and choose the service that counted them")
}

// inQuery finds the key in a parameter.
func inQuery(path, parameter string, normal func(string) string) func(*url.URL) (key, error) {
	return func(u *url.URL) (key, error) {
		text := normal(u.Query().Get(parameter))
		if strings.TrimSuffix(u.Path, "/") != path || text == "" {
			return key{}, fmt.Errorf("%w: its address is like %s?%s=…", errKey, path, parameter)
		}
		return key{text: text}, nil
	}
}

// inPath finds the key in the path, as the pattern's only group.
func inPath(pattern string) func(*url.URL) (key, error) {
	compiled := regexp.MustCompile(pattern)
	return func(u *url.URL) (key, error) {
		found := compiled.FindStringSubmatch(u.Path)
		if found == nil {
			return key{}, errKey
		}
		return key{text: found[1]}, nil
	}
}

// pageInQuery finds the address of a page in a parameter.
func pageInQuery(path, parameter string) func(*url.URL) (key, error) {
	return func(u *url.URL) (key, error) {
		text := u.Query().Get(parameter)
		if !strings.HasPrefix(u.Path, path) || text == "" {
			return key{}, fmt.Errorf("%w: its address has %s=…", errKey, parameter)
		}
		page, err := counters.ParsePage(text, nil)
		return key{text: text, page: page}, err
	}
}

// hitsPath finds the page in a path such as /example.com/blog.svg.
func hitsPath(u *url.URL) (key, error) {
	text := strings.TrimPrefix(strings.TrimPrefix(u.EscapedPath(), "/"), "api/urns/")
	text = strings.TrimRight(text, "/")
	for _, end := range []string{".svg", ".preview"} {
		text = strings.TrimSuffix(text, end)
	}
	host, path, below := strings.Cut(text, "/")
	if !strings.Contains(host, ".") {
		return key{}, fmt.Errorf("%w: its address is like /example.com/blog.svg", errKey)
	}
	text = strings.ToLower(host)
	if below {
		text += "/" + path
	}
	page, err := counters.ParsePage(text, nil)
	return key{text: text, page: page}, err
}

// countAPI finds NS/KEY, or KEY in the namespace default.
func countAPI(prefix string) func(*url.URL) (key, error) {
	pattern := regexp.MustCompile(`^` + prefix + `/(?:hit|get|info|set|update|stream)/(?:([A-Za-z0-9_.-]{1,64})/)?([A-Za-z0-9_.-]{1,64})(?:/shield)?$`)
	return func(u *url.URL) (key, error) {
		found := pattern.FindStringSubmatch(u.Path)
		if found == nil {
			return key{}, fmt.Errorf("%w: its address is like %s/hit/NAMESPACE/KEY", errKey, prefix)
		}
		if found[1] == "" {
			found[1] = "default"
		}
		return key{text: found[1] + "/" + found[2]}, nil
	}
}

// visitorBadge finds the key in path=, or in user= and repo=.
func visitorBadge(u *url.URL) (key, error) {
	query := u.Query()
	text := query.Get("path")
	if text == "" && query.Get("user") != "" {
		text = strings.TrimSuffix(query.Get("user")+"/"+query.Get("repo"), "/")
	}
	if text == "" {
		return key{}, fmt.Errorf("%w: its address has path=…", errKey)
	}
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		page, err := counters.ParsePage(text, nil)
		return key{text: text, page: page}, err
	}
	return key{text: text}, nil
}

// goatPath finds CODE and PATH in https://CODE.goatcounter.com/counter/PATH.json. The page's
// host is not in it.
func goatPath(u *url.URL) (key, error) {
	code, _, _ := strings.Cut(strings.ToLower(u.Hostname()), ".")
	path, ok := strings.CutPrefix(u.Path, "/counter/")
	if !ok {
		return key{}, fmt.Errorf("%w: its address is like /counter/PATH.json", errKey)
	}
	for _, end := range []string{".json", ".html", ".svg", ".png"} {
		path = strings.TrimSuffix(path, end)
	}
	if path == "TOTAL" || path == "" {
		return key{}, fmt.Errorf("%w: name a page; the total of its site comes along", errKey)
	}
	return goatKey(code, "/"+strings.TrimLeft(path, "/"))
}

// goatKey returns the key of a path at GoatCounter's site with the code.
func goatKey(code, path string) (key, error) {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`).MatchString(code) {
		return key{}, fmt.Errorf("%.40q is not the code of a site at GoatCounter, such as mysite in mysite.goatcounter.com", code)
	}
	return key{text: code + path}, nil
}
