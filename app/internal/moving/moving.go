// Package moving reads what other counter services, their files and their databases have
// counted, so that a number can be brought along.
//
// It sends requests only to the hosts of a fixed table, by https. An address that somebody
// pastes says which counter of which service is meant. It is never requested itself.
package moving

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
)

const (
	// askTimeout limits a request to a service, including its answer.
	askTimeout = 15 * time.Second
	// maxAnswer is the size limit of an answer, in bytes.
	maxAnswer = 2 << 20
	// atOnce is how many requests are sent at the same time.
	atOnce = 4
	// MaxLines is the most addresses of a list.
	MaxLines = 1000
	// maxLine is the most bytes of an address.
	maxLine = 2000
)

// Reader reads counters at other services. It is safe for concurrent use.
type Reader struct {
	client   *http.Client
	naming   Naming
	services []service
}

// Naming says how the addresses of pages become names of counters.
type Naming struct {
	// KeepQuery are the parameters that are part of a page's address, Sites the hosts that
	// are counted.
	KeepQuery []string
	Sites     counters.Sites
}

// page reads the address of a page, which is counted under the result.
func (n Naming) page(address string) (counters.Page, error) {
	page, err := counters.ParsePage(address, n.KeepQuery)
	if err != nil {
		return page, err
	}
	if host, ok := n.Sites.Host(page.Host); ok {
		page.Host = host
	}
	return page, nil
}

// NewReader returns a reader that asks through the transport, which outside tests is that of
// [NewTransport].
func NewReader(transport http.RoundTripper, naming Naming) *Reader {
	return &Reader{naming: naming, services: services(), client: &http.Client{
		Transport: transport,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || r.URL.Scheme != "https" || r.URL.Host != via[0].URL.Host || r.URL.User != nil {
				return errors.New("it redirects elsewhere")
			}
			return nil
		},
	}}
}

// List is a list of addresses, as somebody pastes it.
type List struct {
	// Text has one address a line: that of a badge, a counter or a page. If a number follows
	// the address, it is taken as the count, and the service is not asked.
	Text string
	// Service is the short name of the service that counted the pages whose own addresses are
	// in the list: vercount, busuanzi or goatcounter. It may be empty if there are none.
	Service string
	// Code is the code of the site at GoatCounter, and Host the host of its pages.
	Code, Host string
}

// Source is a counter at another service.
type Source struct {
	// Line is its line in the list, and From its address there.
	Line int
	From string
	// Title is what people call the service.
	Title string
	// Adds reports whether reading the number adds one to it.
	Adds bool
	// Err says why it can't be read. If it is not nil, only Line and From are meaningful.
	Err error

	service service
	key     key
	typed   int64 // the number after the address, or -1
}

// Parse returns the counters that the list names. Empty lines are left out.
func (r *Reader) Parse(list List) ([]Source, error) {
	var sources []Source
	number := 0
	for line := range strings.Lines(list.Text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if len(sources) == MaxLines {
			return nil, fmt.Errorf("there are more than %d addresses: send them in parts", MaxLines)
		}
		source := Source{Line: number, From: line, typed: -1}
		if len(line) > maxLine {
			source.From, source.Err = line[:maxLine], fmt.Errorf("it is longer than %d bytes", maxLine)
		} else {
			source.From, source.typed = cutNumber(line)
			source.Err = r.locate(&source, list)
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// cutNumber returns the address in a line and the number after it, or -1 if there is none.
func cutNumber(line string) (address string, number int64) {
	i := strings.LastIndexAny(line, " \t")
	if i < 0 {
		i = strings.LastIndexAny(line, ",;")
	}
	if i > 0 {
		if count, err := parseNumber(line[i+1:]); err == nil {
			return strings.TrimRight(line[:i], " \t,;"), count
		}
	}
	return line, -1
}

// locate finds out which counter the source is.
func (r *Reader) locate(source *Source, list List) error {
	address := source.From
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("it is not an address")
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("its scheme is %.20s, not https", u.Scheme)
	case u.User != nil:
		return errors.New("it contains a login: leave out everything before the @")
	}
	known, ok := r.find(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."))
	if !ok {
		return r.locatePage(source, list)
	}
	if u.Port() != "" && u.Port() != "443" && u.Port() != "80" {
		return fmt.Errorf("it has the port %.10s, which %s does not have", u.Port(), known.title)
	}
	source.service, source.Title, source.Adds = known, known.title, known.adds
	if source.key, err = known.key(u); err != nil {
		return err
	}
	switch {
	case known.name == "goatcounter":
		_, path, _ := strings.Cut(source.key.text, "/")
		if list.Host == "" {
			return errors.New("it does not say on which host the page is: fill in the host of your pages")
		}
		source.key.page, err = r.naming.page(list.Host + "/" + path)
	case !known.byKey:
		source.key.page, err = r.naming.page(source.key.page.String())
	default:
		source.key.page, err = counters.ParseKey(known.name, source.key.text)
	}
	if err != nil {
		return err
	}
	return source.check()
}

// locatePage finds out which counter counts the page with the source's address.
func (r *Reader) locatePage(source *Source, list List) error {
	page, err := r.naming.page(source.From)
	if err != nil {
		return err
	}
	if !strings.ContainsAny(page.Host, ".[") {
		return errors.New("it is neither the address of a page nor that of a counter")
	}
	source.key = key{text: page.String(), page: page}
	known, ok := r.named(list.Service)
	switch {
	case !ok && source.typed >= 0:
		source.service = service{name: "typed"}
	case !ok:
		return errors.New("it is not an address of a service in the list: if it is that of a page, choose the service that counted it")
	default:
		source.service, source.Title, source.Adds = known, known.title, known.adds
	}
	if source.service.name == "goatcounter" {
		if source.key, err = goatKey(strings.ToLower(list.Code), page.Path); err != nil {
			return err
		}
		source.key.page = page
	}
	return source.check()
}

// check returns an error if the counter can't be read or remembered.
func (s *Source) check() error {
	if s.service.read == nil && s.typed < 0 {
		return fmt.Errorf("%s is gone, and nobody can ask it any more: write the number that you know behind the address", s.Title)
	}
	if err := counter.CheckName(s.id()); err != nil {
		return errors.New("it is too long, or has characters that can't be seen")
	}
	s.Adds = s.Adds && s.typed < 0
	return nil
}

// id returns the address of the counter in a normal form. That of a page at GoatCounter is
// the page's, which its exports have, too.
func (s *Source) id() string {
	if s.service.name == "goatcounter" {
		return s.service.name + "/" + s.key.page.String()
	}
	if s.service.hosts != nil {
		return s.service.hosts[0] + "/" + s.key.text
	}
	return s.service.name + "/" + s.key.text
}

// site returns the counter of the page's site. Keys of services have no site here.
func (s *Source) site() string {
	if s.service.byKey {
		return ""
	}
	return s.key.page.Site()
}

// Read reads the source's number. If the service also has the total of the page's whole
// site, there is a second find. If a number follows the source's address, the service is not
// asked.
func (r *Reader) Read(ctx context.Context, s Source) ([]counters.Find, error) {
	found := alone(number(s.typed))
	if s.typed < 0 {
		var err error
		if found, err = s.service.read(r.asker(ctx), s.key); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Title, err)
		}
	}
	find := counters.Find{
		From: s.From, Source: s.id(), Name: s.key.page.Counter(), Site: s.site(),
		Total: found.total, Past: past(found.days, found.total),
	}
	if found.site < 0 {
		return []counters.Find{find}, nil
	}
	find.Site = ""
	host := s.service.name + "/" + s.key.page.Host
	return []counters.Find{find, {From: s.Title + ", the whole site", Source: host, Name: s.key.page.Site(), Total: found.site}}, nil
}

// past returns the history of the days. It is empty if the days don't fit the total or make no
// sense. Then only the total is brought.
func past(days []day, total int64) []counter.Bucket {
	counts := map[counter.Hour]int64{}
	var sum int64
	for _, d := range days {
		if len(d.date) < len(time.DateOnly) {
			return nil
		}
		at, err := time.Parse(time.DateOnly, d.date[:len(time.DateOnly)])
		if err != nil || at.Year() < 1970 || d.count < 0 {
			return nil
		}
		start := counter.HourOf(at)
		if d.count > counts[start] { // a day that is listed twice counts once
			sum += d.count - counts[start]
			counts[start] = d.count
		}
		if sum > total || sum < 0 {
			return nil
		}
	}
	return buckets(counts, counter.DayHours)
}

// ReadAll reads all sources, several at a time. It calls done for each source once it is known,
// one call at a time. It returns early if ctx ends.
func (r *Reader) ReadAll(ctx context.Context, sources []Source, done func(Source, []counters.Find, error)) {
	var asking sync.WaitGroup
	var calling sync.Mutex
	slots := make(chan struct{}, atOnce)
	for _, source := range sources {
		if source.Err != nil {
			calling.Lock()
			done(source, nil, source.Err)
			calling.Unlock()
			continue
		}
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			finds, err := r.Read(ctx, source)
			calling.Lock()
			defer calling.Unlock()
			done(source, finds, err)
		})
	}
	asking.Wait()
}

// asker returns a function that asks services until ctx ends.
func (r *Reader) asker(ctx context.Context) asker {
	return func(address, page string) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, errors.New("its address can't be asked")
		}
		request.Header.Set("User-Agent", "Mozilla/5.0 (compatible; page-view counter that brings a number along)")
		if page != "" {
			request.Header.Set("Referer", page)
		}
		answer, err := r.client.Do(request)
		if err != nil {
			return nil, refusal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode == http.StatusNotFound {
			return nil, errors.New("it does not know this counter")
		}
		if answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("it answers with the status %d", answer.StatusCode)
		}
		body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
		if err != nil {
			return nil, refusal(err)
		}
		if len(body) > maxAnswer {
			return nil, fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
		}
		return body, nil
	}
}

// refusal says why there is no answer, and reveals nothing about our own network.
func refusal(err error) error {
	switch {
	case errors.Is(err, errInside):
		return errInside
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return errors.New("it does not answer in time")
	case errors.Is(err, context.Canceled):
		return err
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if strings.Contains(err.Error(), "redirects elsewhere") {
		return errors.New("it redirects elsewhere")
	}
	return errors.New("it can't be reached")
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && timeout.Timeout()
}

// buckets returns the counts as buckets of that many hours.
func buckets(counts map[counter.Hour]int64, hours int) []counter.Bucket {
	var all []counter.Bucket
	for start, count := range counts {
		if count > 0 && count < math.MaxInt64 {
			all = append(all, counter.Bucket{Start: start, Hours: hours, Count: count})
		}
	}
	return all
}
