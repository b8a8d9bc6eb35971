package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/moving"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates"
)

const (
	// fieldSize is the size limit of a field of the form, in bytes. It may be a sitemap.
	fieldSize = 4 << 20
	// bringTime limits the time that all services together may take to answer.
	bringTime = 10 * time.Minute
	// progressEvery is how often a page reports its progress.
	progressEvery = time.Second
)

// bringing is what a form or a request of the API asks to bring.
type bringing struct {
	list  moving.List
	adds  bool // reading may add
	label string
	file  []byte
	keys  moving.Keys
}

// failure is a line that can't be brought.
type failure struct {
	From, Why string
}

// gather reads all numbers. If the error is nil, failures say what could not be read.
func (s *site) gather(ctx context.Context, b bringing, progress func(done, all int)) (finds []counters.Find, failures []failure, err error) {
	switch {
	case b.keys.Kind != "" && s.about.Database == nil:
		return nil, nil, errors.New("there is no Redis to read: set MOVE_REDIS_URL")
	case b.keys.Kind != "":
		b.keys.Limit = s.about.ImportLimit
		finds, err = s.about.Database.Read(ctx, b.keys)
		return finds, nil, err
	case b.file != nil:
		var refused []moving.Refusal
		finds, refused, err = s.about.Moving.ReadFile(moving.File{Content: b.file, Label: b.label, Host: b.list.Host, Limit: s.about.ImportLimit})
		for _, line := range refused {
			failures = append(failures, failure{fmt.Sprintf("line %d", line.Line), line.Why})
		}
		return finds, failures, err
	}
	sources, err := s.about.Moving.Parse(b.list)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, bringTime)
	defer cancel()
	found := make(map[int][]counters.Find, len(sources))
	why := map[int]string{}
	s.about.Moving.ReadAll(ctx, sources, func(source moving.Source, read []counters.Find, err error) {
		if err != nil {
			why[source.Line] = err.Error()
		}
		found[source.Line] = read
		progress(len(found), len(sources))
	})
	known := map[string]bool{}
	for _, source := range sources {
		if text, failed := why[source.Line]; failed {
			failures = append(failures, failure{source.From, text})
		}
		for _, find := range found[source.Line] {
			if once := find.Name + " " + find.Source; !known[once] {
				known[once] = true
				finds = append(finds, find)
			}
		}
	}
	return finds, failures, nil
}

// adding returns the addresses in the list whose counters count each reading as a view.
func (s *site) adding(list moving.List) (adding []string, err error) {
	sources, err := s.about.Moving.Parse(list)
	for _, source := range sources {
		if source.Adds && source.Err == nil {
			adding = append(adding, source.From)
		}
	}
	return adding, err
}

// bringForm shows the page to bring numbers.
func (s *site) bringForm(w http.ResponseWriter, r *http.Request) {
	s.showBring(w, r, http.StatusOK, templates.AdminBring{})
}

func (s *site) showBring(w http.ResponseWriter, r *http.Request, status int, data templates.AdminBring) {
	if !s.counters.CanMove() || s.about.Moving == nil {
		s.pageProblem(w, r, http.StatusNotFound, "This store can't move counts.", templates.AdminName{})
		return
	}
	if s.about.Database != nil {
		data.Redis = s.about.Database.String()
	}
	html, err := s.pages.AdminBring(data)
	s.html(w, r, status, html, err)
}

// bringLook reads the numbers and shows what would be brought.
func (s *site) bringLook(w http.ResponseWriter, r *http.Request) {
	body := s.stream(w, r)
	defer body.forget()
	r.Body = body
	fields, file, err := readForm(r)
	if err != nil {
		s.showBring(w, r, http.StatusBadRequest, templates.AdminBring{Message: respond.Sentence(err)})
		return
	}
	form := templates.AdminBring{Addresses: fields["addresses"], Service: fields["service"], Code: fields["code"], Host: fields["host"], Label: fields["label"], Kind: fields["kind"], Pages: fields["pages"]}
	b := bringing{
		list: moving.List{Text: form.Addresses, Service: form.Service, Code: strings.TrimSpace(form.Code), Host: strings.TrimSpace(form.Host)},
		adds: fields["adds"] == "yes", label: strings.TrimSpace(form.Label), file: file,
		keys: moving.Keys{Kind: moving.Kind(form.Kind), Host: strings.TrimSpace(form.Host), Pages: form.Pages},
	}
	refuse := func(message string) {
		form.Message = message
		s.showBring(w, r, http.StatusUnprocessableEntity, form)
	}
	switch {
	case s.about.Moving == nil || !s.counters.CanMove():
		s.bringForm(w, r)
		return
	case fields["from"] == "file" && len(file) == 0:
		refuse("There is no file, or it is empty.")
		return
	case b.file == nil && b.keys.Kind == "":
		adding, err := s.adding(b.list)
		if err != nil {
			refuse(respond.Sentence(err))
			return
		}
		if len(adding) > 0 && !b.adds {
			form.Adding = adding
			s.showBring(w, r, http.StatusOK, form)
			return
		}
	}
	page := s.newStream(w, r, body.deadlines, "Bring numbers")
	finds, failures, err := s.gather(context.WithoutCancel(r.Context()), b, func(done, all int) {
		page.progress("%s of %s numbers are read.", templates.Grouped(done), templates.Grouped(all))
	})
	if err != nil {
		page.end(s.pages.AdminBringPlan(templates.AdminBringPlan{Message: respond.Sentence(err)}))
		return
	}
	page.end(s.plan(r, page, finds, failures))
}

// plan returns the page with what would be brought.
func (s *site) plan(r *http.Request, page *streamedPage, finds []counters.Find, failures []failure) ([]byte, error) {
	outcomes := s.counters.PreviewAll(context.WithoutCancel(r.Context()), finds, counters.BringOptions{
		Request: respond.RequestID(r), Stop: s.about.Stopping.Done(),
		Progress: func(done int) {
			page.progress("%s of %s counters are looked at.", templates.Grouped(done), templates.Grouped(len(finds)))
		},
	})
	var data templates.AdminBringPlan
	var plan []counters.Find
	for i, o := range outcomes {
		if o.Err != nil {
			failures = append(failures, failure{o.From, counters.ExplainBring(o.Err)})
			continue
		}
		row := bringRow(o)
		if i >= len(finds) {
			data.Sites = append(data.Sites, row)
			continue
		}
		data.Rows = append(data.Rows, row)
		data.Added += o.Added
		if o.Added > 0 || o.SiteAdded > 0 {
			plan = append(plan, finds[i])
		}
	}
	for _, f := range failures {
		data.Failures = append(data.Failures, templates.AdminBringFailure(f))
	}
	var err error
	if data.Count = len(plan); data.Count > 0 {
		if data.Plan, err = encodePlan(plan); err != nil {
			data = templates.AdminBringPlan{Message: respond.Sentence(err)}
		}
	}
	return s.pages.AdminBringPlan(data)
}

func bringRow(o counters.Outcome) templates.AdminBringRow {
	row := templates.AdminBringRow{From: o.From, AdminName: named(o.Name), There: o.Total, Here: o.Here, Added: o.Added, After: o.After}
	if len(o.Past) > 0 {
		row.Since = o.Past.Since().Format(time.DateOnly)
	}
	return row
}

// bringAdd brings what was shown and confirmed.
func (s *site) bringAdd(w http.ResponseWriter, r *http.Request) {
	body := s.stream(w, r)
	defer body.forget()
	r.Body = http.MaxBytesReader(w, body, maxPlan+formSize)
	var finds []counters.Find
	err := r.ParseForm()
	if err == nil {
		finds, err = decodePlan(r.PostForm.Get("plan"), s.about.ImportLimit)
	}
	if err != nil || len(finds) == 0 {
		s.showBring(w, r, http.StatusBadRequest, templates.AdminBring{Message: respond.Sentence(errPlan)})
		return
	}
	page := s.newStream(w, r, body.deadlines, "Bring numbers")
	outcomes := s.counters.BringAll(context.WithoutCancel(r.Context()), finds, counters.BringOptions{
		Request: respond.RequestID(r), Stop: s.about.Stopping.Done(),
		Progress: func(done int) {
			page.progress("%s of %s numbers are brought.", templates.Grouped(done), templates.Grouped(len(finds)))
		},
	})
	data := templates.AdminBringDone{}
	for _, o := range outcomes {
		if o.Err != nil {
			data.Failures = append(data.Failures, templates.AdminBringFailure{From: o.From, Why: counters.ExplainBring(o.Err)})
			continue
		}
		data.Brought++
		data.Added += o.Added
		data.Rows = append(data.Rows, bringRow(o))
	}
	page.end(s.pages.AdminBringDone(data))
}

// readForm reads a form with fields and maybe a file.
func readForm(r *http.Request) (fields map[string]string, file []byte, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, errors.New("this form can't be read")
	}
	fields = map[string]string{}
	for range 20 {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return fields, file, nil
		}
		if err != nil {
			break
		}
		limit := fieldSize
		if part.FormName() == "file" {
			limit = moving.MaxFile
		}
		content, err := io.ReadAll(io.LimitReader(part, int64(limit)+1))
		switch {
		case err != nil:
			return nil, nil, errors.New("this form did not arrive completely")
		case len(content) > limit:
			return nil, nil, fmt.Errorf("the %s is longer than %d bytes", part.FormName(), limit)
		case part.FormName() == "file":
			file = content
		default:
			fields[part.FormName()] = string(content)
		}
	}
	return nil, nil, errors.New("this form can't be read")
}

// streamedPage is a page that reports its progress while it is made. The page itself is written
// last.
type streamedPage struct {
	site      *site
	w         http.ResponseWriter
	request   *http.Request
	deadlines *deadlines

	mu   sync.Mutex
	last time.Time
}

// newStream begins a page.
func (s *site) newStream(w http.ResponseWriter, r *http.Request, d *deadlines, title string) *streamedPage {
	page := &streamedPage{site: s, w: w, request: r, deadlines: d, last: time.Now()}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page.write(s.pages.AdminBegin(title))
	return page
}

// progress writes the progress, at most once every progressEvery.
func (p *streamedPage) progress(format string, values ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) < progressEvery {
		return
	}
	p.last = time.Now()
	p.write(p.site.pages.AdminProgress(fmt.Sprintf(format, values...)))
}

// end writes the page.
func (p *streamedPage) end(html []byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(html, err)
}

func (p *streamedPage) write(html []byte, err error) {
	if err != nil {
		p.site.log.Error("the page failed", zap.Error(err), zap.String("request_id", respond.RequestID(p.request)))
		panic(http.ErrAbortHandler)
	}
	p.deadlines.extend()
	_, _ = p.w.Write(html) //nolint:gosec // html/template has escaped it
	_ = p.deadlines.control.Flush()
}
