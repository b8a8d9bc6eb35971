package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"

	"example.com/herokuapp/app/internal/counters"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/templates"
)

// streamTimeout limits the time until the next part of an export or import.
const streamTimeout = 30 * time.Second

// deadlines extends the deadlines of a connection, which are set for short requests.
type deadlines struct {
	control *http.ResponseController

	mu   sync.Mutex
	read bool // nothing more will be read
}

// extend gives the connection more time, if it supports deadlines.
func (d *deadlines) extend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	deadline := time.Now().Add(streamTimeout)
	if !d.read {
		_ = d.control.SetReadDeadline(deadline)
	}
	_ = d.control.SetWriteDeadline(deadline)
}

// endReading makes the waiting read fail, and every later one. It leaves the connection alone if
// the whole body was read: net/http would take the error for a client that has gone.
func (d *deadlines) endReading() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.read {
		d.read = true
		_ = d.control.SetReadDeadline(time.Unix(1, 0))
	}
}

// streamedBody is a request body that may take long to arrive.
type streamedBody struct {
	io.ReadCloser
	*deadlines
	forget func() bool
}

// stream lets the body of a request arrive slowly, until the process stops. The caller must
// call forget.
func (s *site) stream(w http.ResponseWriter, r *http.Request) streamedBody {
	d := &deadlines{control: http.NewResponseController(w)}
	return streamedBody{r.Body, d, context.AfterFunc(s.about.Stopping, d.endReading)}
}

func (b streamedBody) Read(p []byte) (int, error) {
	b.extend()
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.read = true
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// exportPage answers a browser, apiExport a script.
func (s *site) exportPage(w http.ResponseWriter, r *http.Request) {
	s.export(w, r, func(status int, text string) { s.pageProblem(w, r, status, text, templates.AdminName{}) })
}

func (s *site) apiExport(w http.ResponseWriter, r *http.Request) {
	s.export(w, r, func(status int, text string) { apiProblem(w, status, text) })
}

// export sends all counters. If it can't finish, it cuts the connection, so that a client
// notices an incomplete export.
func (s *site) export(w http.ResponseWriter, r *http.Request, refuse func(status int, text string)) {
	query, err := respond.Query(r, "format")
	if err != nil {
		refuse(http.StatusBadRequest, respond.Sentence(err))
		return
	}
	format := counters.Format(query.Get("format"))
	contentType := map[counters.Format]string{counters.CSV: "text/csv; charset=utf-8", counters.JSONLines: "application/jsonl"}[format]
	if contentType == "" {
		refuse(http.StatusBadRequest, fmt.Sprintf("format is %.40q, neither %s nor %s.", format, counters.CSV, counters.JSONLines))
		return
	}
	download := &download{ResponseWriter: w, deadlines: &deadlines{control: http.NewResponseController(w)}, header: http.Header{
		"Content-Type":        {contentType},
		"Content-Disposition": {fmt.Sprintf(`attachment; filename="counters-%s.%s"`, time.Now().UTC().Format(time.DateOnly), format)},
	}}
	if r.Method != http.MethodHead {
		err = s.counters.Export(context.WithoutCancel(r.Context()), download, format, respond.RequestID(r))
	}
	switch {
	case err == nil:
		download.begin() // if nothing was written yet
	case download.begun:
		panic(http.ErrAbortHandler)
	default:
		refuse(statusOf(err), counters.Explain(err))
	}
}

// download sets the headers of an answer before the first write.
type download struct {
	http.ResponseWriter
	deadlines *deadlines
	header    http.Header
	begun     bool
}

func (d *download) begin() {
	if !d.begun {
		d.begun = true
		maps.Copy(d.Header(), d.header)
	}
}

func (d *download) Write(p []byte) (int, error) {
	d.begin()
	d.deadlines.extend()
	return d.ResponseWriter.Write(p)
}

// importFrom imports a file while it arrives. It ends early if the process stops.
func (s *site) importFrom(r *http.Request, file io.Reader, progress func(), action counters.Action, format counters.Format) (*counters.Report, error) {
	return s.counters.Import(context.WithoutCancel(r.Context()), file, counters.ImportOptions{
		Action: action, Format: format, Request: respond.RequestID(r), Stop: s.about.Stopping.Done(), Progress: progress,
	})
}

// statusOfReport returns the status of an answer with the report.
func statusOfReport(report *counters.Report) int {
	switch {
	case report.Err != nil:
		return statusOf(report.Err)
	case report.Refused > 0:
		return http.StatusUnprocessableEntity
	default:
		return http.StatusOK
	}
}

// apiImport imports the body, in the format that its Content-Type names.
func (s *site) apiImport(w http.ResponseWriter, r *http.Request) {
	query, err := respond.Query(r, "mode")
	if err != nil {
		apiProblem(w, http.StatusBadRequest, respond.Sentence(err))
		return
	}
	action := counters.Set
	if query.Has("mode") {
		action = counters.Action(query.Get("mode"))
	}
	if action != counters.Set && action != counters.Add {
		apiProblem(w, http.StatusBadRequest, "mode is neither set nor add.")
		return
	}
	var format counters.Format
	switch {
	case hasType(r, "text/csv"):
		format = counters.CSV
	case hasType(r, "application/jsonl", "application/x-ndjson"):
		format = counters.JSONLines
	default:
		apiProblem(w, http.StatusUnsupportedMediaType, "The Content-Type must be text/csv or application/jsonl.")
		return
	}
	body := s.stream(w, r)
	defer body.forget()
	report, err := s.importFrom(r, body, body.extend, action, format)
	switch {
	case errors.Is(err, counters.ErrImporting):
		apiProblem(w, http.StatusConflict, "Another import is running. Nothing was imported.")
		return
	case err != nil:
		apiProblem(w, http.StatusBadRequest, "The body is neither CSV with the first line name,value nor JSON lines, "+
			"or it is not what its Content-Type says. Nothing was imported.")
		return
	}
	status := statusOfReport(report)
	switch status {
	case http.StatusOK:
		s.json(w, r, status, "application/json", report)
		return
	case http.StatusServiceUnavailable:
		respond.RetryAfter(w, respond.StoreRetry)
	}
	detail := report.Stopped
	if detail == "" {
		detail = "Some lines were refused. The others were imported."
	}
	s.json(w, r, status, respond.ProblemType, struct { // a problem that also says what was done
		respond.Problem
		*counters.Report
	}{respond.NewProblem(status, detail), report})
}

// importForm shows the page to export and import.
func (s *site) importForm(w http.ResponseWriter, r *http.Request) {
	s.showImport(w, r, http.StatusOK, templates.AdminImport{})
}

func (s *site) showImport(w http.ResponseWriter, r *http.Request, status int, data templates.AdminImport) {
	data.Backup = s.about.Backup != nil
	data.Once = s.once.token()
	html, err := s.pages.AdminImport(data)
	s.html(w, r, status, html, err)
}

// importPage imports the file of a form while it arrives. The form's other fields come
// first.
func (s *site) importPage(w http.ResponseWriter, r *http.Request) {
	const unreadable = "This form can't be read. Nothing was imported."
	body := s.stream(w, r)
	defer body.forget()
	r.Body = body
	parts, err := r.MultipartReader()
	if err != nil {
		s.pageProblem(w, r, http.StatusBadRequest, unreadable, templates.AdminName{})
		return
	}
	fields := map[string]string{}
	for {
		part, err := parts.NextPart()
		if err != nil {
			s.showImport(w, r, http.StatusBadRequest, templates.AdminImport{Message: "There is no file. Nothing was imported."})
			return
		}
		if part.FormName() == "file" {
			s.importFile(w, r, part, body.extend, fields)
			return
		}
		value, err := io.ReadAll(io.LimitReader(part, 64))
		if err != nil || len(fields) > 4 {
			s.pageProblem(w, r, http.StatusBadRequest, unreadable, templates.AdminName{})
			return
		}
		fields[part.FormName()] = string(value)
	}
}

func (s *site) importFile(w http.ResponseWriter, r *http.Request, file io.Reader, progress func(), fields map[string]string) {
	action := counters.Action(fields["mode"])
	data := templates.AdminImport{Add: action == counters.Add}
	refuse := func(status int, message string) {
		data.Message = message
		s.showImport(w, r, status, data)
	}
	if action != counters.Set && action != counters.Add {
		refuse(http.StatusUnprocessableEntity, "Choose what each line does. Nothing was imported.")
		return
	}
	if !s.once.use(fields["once"]) {
		refuse(http.StatusConflict, "This form was already sent, and is carried out only once.")
		return
	}
	report, err := s.importFrom(r, file, progress, action, "")
	switch {
	case errors.Is(err, counters.ErrImporting):
		refuse(http.StatusConflict, "Another import is running. Nothing was imported.")
	case err != nil:
		refuse(http.StatusUnprocessableEntity, "The file is neither CSV with the first line name,value nor JSON lines. Nothing was imported.")
	default:
		data.Report = &templates.AdminReport{
			Added: action == counters.Add, Changed: report.Changed, Unchanged: report.Unchanged, Pending: report.Pending, Refused: report.Refused,
			Complete: report.Refused == 0 && report.Err == nil, Stopped: report.Stopped, MoreFaults: report.Refused - len(report.Faults),
		}
		for _, fault := range report.Faults {
			data.Report.Faults = append(data.Report.Faults, templates.AdminFault(fault))
		}
		s.showImport(w, r, statusOfReport(report), data)
	}
}
