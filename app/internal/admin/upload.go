package admin

import (
	"errors"
	"io"
	"net/http"

	"example.com/herokuapp/templates"
)

// apiImport imports the body. Its Content-Type says its format.
func (s *site) apiImport(w http.ResponseWriter, r *http.Request) {
	query, err := readQuery(r, "mode")
	if err != nil {
		s.apiProblem(w, r, http.StatusBadRequest, err.Error()+".")
		return
	}
	mode, ok := query["mode"]
	if !ok {
		mode = actionSet
	}
	if mode != actionSet && mode != actionAdd {
		s.apiProblem(w, r, http.StatusBadRequest, "mode is neither set nor add.")
		return
	}
	var format string
	switch {
	case hasType(r, "text/csv"):
		format = formatCSV
	case hasType(r, "application/jsonl", "application/x-ndjson"):
		format = formatLines
	default:
		s.apiProblem(w, r, http.StatusUnsupportedMediaType, "The Content-Type has to be text/csv or application/jsonl.")
		return
	}
	c := change{action: mode, by: "import", request: requestID(r)}
	done, err := s.importAll(r.Context(), w, http.MaxBytesReader(w, r.Body, importSize), format, c)
	switch {
	case errors.Is(err, errImporting):
		s.apiProblem(w, r, http.StatusConflict, "Another import is running. Nothing was imported.")
	case err != nil:
		s.apiProblem(w, r, http.StatusBadRequest, "The body is neither CSV with the first line name,value nor JSON lines, "+
			"or not of its Content-Type. Nothing was imported.")
	case done.Stopped != "":
		s.apiReport(w, r, done.status, done.Stopped, done)
	case done.status != http.StatusOK:
		s.apiReport(w, r, done.status, "Some lines were refused, the others are imported.", done)
	default:
		s.json(w, r, done.status, "application/json", done)
	}
}

// importForm shows what can be exported and imported.
func (s *site) importForm(w http.ResponseWriter, r *http.Request) {
	s.showImport(w, r, http.StatusOK, templates.AdminImport{})
}

func (s *site) showImport(w http.ResponseWriter, r *http.Request, status int, data templates.AdminImport) {
	data.Once = s.once.token()
	html, err := s.pages.AdminImport(data)
	s.html(w, r, status, html, err)
}

// importPage imports the file of a form, while it is sent: the fields that say how
// come before it.
func (s *site) importPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, importSize+formSize)
	parts, err := r.MultipartReader()
	if err != nil {
		s.pageProblem(w, r, http.StatusBadRequest, "This form can't be read.", "")
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
			s.importFile(w, r, part, fields)
			return
		}
		value, err := io.ReadAll(io.LimitReader(part, 64))
		if err != nil || len(fields) > 4 {
			s.pageProblem(w, r, http.StatusBadRequest, "This form can't be read.", "")
			return
		}
		fields[part.FormName()] = string(value)
	}
}

func (s *site) importFile(w http.ResponseWriter, r *http.Request, file io.Reader, fields map[string]string) {
	mode := fields["mode"]
	data := templates.AdminImport{Add: mode == actionAdd}
	if mode != actionSet && mode != actionAdd {
		data.Message = "Say what a line does. Nothing was imported."
		s.showImport(w, r, http.StatusUnprocessableEntity, data)
		return
	}
	if !s.once.use(fields["once"]) {
		data.Message = "This was sent before, and is carried out once only."
		s.showImport(w, r, http.StatusConflict, data)
		return
	}
	done, err := s.importAll(r.Context(), w, file, "", change{action: mode, by: "import", request: requestID(r)})
	switch {
	case errors.Is(err, errImporting):
		data.Message = "Another import is running. Nothing was imported."
		s.showImport(w, r, http.StatusConflict, data)
	case err != nil:
		data.Message = "The file is neither CSV with the first line name,value nor JSON lines. Nothing was imported."
		s.showImport(w, r, http.StatusUnprocessableEntity, data)
	default:
		data.Report = done.page()
		s.showImport(w, r, done.status, data)
	}
}

// page is the report as a page shows it.
func (r *report) page() *templates.AdminReport {
	shown := &templates.AdminReport{
		Added: r.Mode == actionAdd, Changed: r.Changed, Unchanged: r.Unchanged, Pending: r.Pending, Refused: r.Refused,
		Complete: r.Refused == 0 && r.Stopped == "", Stopped: r.Stopped, MoreFaults: r.Refused - len(r.Faults),
	}
	for _, fault := range r.Faults {
		shown.Faults = append(shown.Faults, templates.AdminFault(fault))
	}
	return shown
}
