package admin

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// The formats of an export and an import.
const (
	formatCSV   = "csv"
	formatLines = "jsonl"
)

const (
	// streamRows is how many rows are sent, or read, until the connection's deadlines
	// are put off.
	streamRows = 256
	// streamTimeout is how long so many rows may take.
	streamTimeout = 30 * time.Second
)

// exportPage answers a browser, apiExport a script.
func (s *site) exportPage(w http.ResponseWriter, r *http.Request) {
	s.export(w, r, func(status int, text string) { s.pageProblem(w, r, status, text, "") })
}

func (s *site) apiExport(w http.ResponseWriter, r *http.Request) {
	s.export(w, r, func(status int, text string) { s.apiProblem(w, r, status, text) })
}

// export sends all counters as they come from the store, in no order. One that
// can't be finished is cut off, for a part must not pass for the whole.
func (s *site) export(w http.ResponseWriter, r *http.Request, refuse func(status int, text string)) {
	query, err := readQuery(r, "format")
	if err != nil {
		refuse(http.StatusBadRequest, err.Error()+".")
		return
	}
	format := query["format"]
	if format != formatCSV && format != formatLines {
		refuse(http.StatusBadRequest, fmt.Sprintf("format is %.40q, and neither %s nor %s.", format, formatCSV, formatLines))
		return
	}
	if r.Method == http.MethodHead {
		begin(w, format)
		return
	}
	var rows *rowWriter
	count := 0
	for entry, err := range counters(r.Context(), s.store, "") {
		if err != nil {
			s.log.Error("the counters can't be exported", zap.Error(err), zap.Int("exported", count), zap.String("request_id", requestID(r)))
			if rows != nil {
				panic(http.ErrAbortHandler)
			}
			refuse(explain(err))
			return
		}
		if rows == nil {
			rows = begin(w, format)
		}
		rows.write(entry)
		count++
		if count%streamRows == 0 {
			extend(w)
		}
	}
	if rows == nil {
		rows = begin(w, format)
	}
	if err := rows.end(); err == nil { // else the reader has left
		s.log.Info("admin exported the counters", zap.Int("exported", count), zap.String("request_id", requestID(r)))
	}
}

// begin sends the headers, and the first line where there is one.
func begin(w http.ResponseWriter, format string) *rowWriter {
	contentType := "text/csv; charset=utf-8"
	if format == formatLines {
		contentType = "application/jsonl"
	}
	name := "counters-" + time.Now().UTC().Format(time.DateOnly) + "." + format
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	extend(w)
	return newRowWriter(w, format)
}

// extend puts off the deadlines of the connection, which are for short requests.
func extend(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	deadline := time.Now().Add(streamTimeout)
	_ = control.SetReadDeadline(deadline) // where there are none, none need to be put off
	_ = control.SetWriteDeadline(deadline)
}

// rowWriter writes counters. Its first error ends it, and is that of end.
//
// A cell that begins with =, +, - or @ is a formula to a spreadsheet. A name
// begins with none of these, for all the app's begin alike: it is written as it is,
// so that an import reads the same name.
type rowWriter struct {
	out   *bufio.Writer
	cells *csv.Writer // nil for JSON lines
}

func newRowWriter(w io.Writer, format string) *rowWriter {
	rows := &rowWriter{out: bufio.NewWriterSize(w, 32<<10)}
	if format == formatCSV {
		rows.cells = csv.NewWriter(rows.out)
		_ = rows.cells.Write([]string{"name", "value"})
	}
	return rows
}

// write adds a counter. A bufio.Writer, which csv.Writer has too, keeps its error.
func (r *rowWriter) write(entry counter.Entry) {
	if r.cells != nil {
		_ = r.cells.Write([]string{entry.Name, strconv.FormatInt(entry.Value, 10)})
		return
	}
	line, _ := json.Marshal(apiCounter(entry)) // a string and a number
	_, _ = r.out.Write(append(line, '\n'))
}

func (r *rowWriter) end() error {
	if r.cells != nil {
		r.cells.Flush()
	}
	return r.out.Flush()
}
