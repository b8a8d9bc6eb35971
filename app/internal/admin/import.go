package admin

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

const (
	// importSize is how many bytes an import has at most.
	importSize = 64 << 20
	// importLines is how many lines are carried out together, importers by how many
	// at once: a store far away answers several as soon as one.
	importLines = 64
	importers   = 8
	// outTimeout is how long an addition waits for a store that keeps others pending.
	outTimeout = 50 * time.Millisecond
	// maxFaults is how many of the lines that were refused are told.
	maxFaults = 200
)

// errFormat says that an import is of no format we know. Nothing was done.
var errFormat = errors.New("the file is neither CSV with the first line name,value nor JSON lines")

// fault is a line that was refused.
type fault struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// report is what an import did.
type report struct {
	Mode      string  `json:"mode"`      // "set" or "add"
	Changed   int     `json:"changed"`   // lines that were set, or added
	Unchanged int     `json:"unchanged"` // lines whose counter has the value already
	Pending   int     `json:"pending"`   // lines whose addition is kept until the store answers
	Refused   int     `json:"refused"`
	Faults    []fault `json:"faults"` // the first of those refused
	// Stopped says why and where the import ended early. Empty, it did not.
	Stopped string `json:"stopped,omitempty"`

	status int // of an answer
}

// refuse adds a line that was refused.
func (r *report) refuse(line int, why string) {
	r.Refused++
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fault{line, why})
	}
}

// importer is one import.
type importer struct {
	site    *site
	change  change         // what each line does, but for its name and value
	extend  func()         // puts off the deadlines
	seed    maphash.Seed   // of seen
	seen    map[uint64]int // in which line a name was, by the name's hash: collisions are as good as impossible
	report  report
	stopped error       // the store's error that ended it
	out     atomic.Bool // the last addition is pending
}

// row is a line on its way to the store.
type row struct {
	line int
	change
	outcome error
}

// errUnchanged is the outcome of a line that has nothing to do.
var errUnchanged = errors.New("unchanged")

// run imports what it reads, in the format, or in the one of the first line if that
// is empty. It holds a few lines at a time and, to find a name that is there twice, a
// hash of each. One bad line does not keep the others from being imported; a store that
// fails ends it. The error is errFormat, and then nothing was done, or nil.
func (i *importer) run(ctx context.Context, in io.Reader, wanted string) error {
	lines := newLineReader(extending{in, i.extend})
	line, err := lines.next()
	if err != nil && !errors.Is(err, errLine) && !errors.Is(err, io.EOF) {
		i.stop(lines.number, err)
		return nil
	}
	found := format(line)
	if wanted == formatLines && errors.Is(err, io.EOF) { // as no counters are exported
		return nil
	}
	if found == "" || wanted != "" && wanted != found {
		return errFormat
	}
	var rows []row
	if found == formatCSV {
		line, err = lines.next()
	}
	for i.stopped == nil {
		switch {
		case err == nil:
			if row, ok := i.read(found, lines.number, line); ok {
				rows = append(rows, row)
			}
		case errors.Is(err, errLine):
			i.report.refuse(lines.number, sentence(err))
		default:
			if i.apply(ctx, rows); i.stopped == nil && !errors.Is(err, io.EOF) {
				i.stop(lines.number, err)
			}
			return nil
		}
		if len(rows) == importLines {
			i.apply(ctx, rows)
			rows = rows[:0]
		}
		line, err = lines.next()
	}
	return nil
}

// stop notes why what is read ends before its end.
func (i *importer) stop(line int, err error) {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		i.report.status = http.StatusRequestEntityTooLarge
		i.report.Stopped = fmt.Sprintf("The file has more than %d MiB. The import has ended at line %d.", importSize>>20, line)
		return
	}
	i.report.status = http.StatusBadRequest
	i.report.Stopped = fmt.Sprintf("The file did not arrive whole. The import has ended at line %d.", line)
}

// read reads a line, or notes what is wrong with it.
func (i *importer) read(format string, number int, line []byte) (row, bool) {
	name, text, err := readRow(format, line)
	c := i.change
	c.name = name
	if err == nil {
		err = checkName(name)
	}
	if err == nil {
		c.value, err = parseAction(c.action, text)
	}
	if err == nil {
		hash := maphash.String(i.seed, name)
		if first, ok := i.seen[hash]; ok {
			err = fmt.Errorf("its name is in line %d, too", first)
		} else {
			i.seen[hash] = number
		}
	}
	if err != nil {
		i.report.refuse(number, sentence(err))
		return row{}, false
	}
	return row{line: number, change: c}, true
}

// apply carries out rows, of which no two are of the same counter, and notes what
// became of each.
func (i *importer) apply(ctx context.Context, rows []row) {
	var at atomic.Int64
	var working sync.WaitGroup
	for range min(importers, len(rows)) {
		working.Go(func() {
			for n := at.Add(1) - 1; n < int64(len(rows)); n = at.Add(1) - 1 {
				i.extend()
				rows[n].outcome = i.importRow(ctx, rows[n].change)
			}
		})
	}
	working.Wait()
	for _, row := range rows {
		err := row.outcome
		switch {
		case err == nil:
			i.report.Changed++
		case errors.Is(err, errUnchanged):
			i.report.Unchanged++
		case row.action == actionAdd && errors.Is(err, counter.ErrPending):
			i.report.Pending++
		default:
			_, text := explain(err)
			i.report.refuse(row.line, text)
			if !errors.Is(err, counter.ErrType) && !errors.Is(err, counter.ErrOverflow) {
				i.stopped = err
			}
		}
	}
	if i.stopped != nil {
		i.report.status = http.StatusServiceUnavailable
		why := "The store does not answer."
		if ctx.Err() != nil {
			why = "The request was cut off."
		}
		i.report.Stopped = fmt.Sprintf("%s The import has ended after line %d.", why, rows[len(rows)-1].line)
	}
}

// importRow does what one line says. Once an addition is pending, the next ones
// do not wait for long: they are kept all the same, and a store that is out
// would take minutes to say so of each.
func (i *importer) importRow(ctx context.Context, c change) error {
	if i.out.Load() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, outTimeout)
		defer cancel()
	}
	err := i.site.importRow(ctx, c)
	i.out.Store(c.action == actionAdd && errors.Is(err, counter.ErrPending))
	return err
}

// extending puts off the deadlines before each read: lines that are empty or refused
// take their time to arrive, too.
type extending struct {
	in     io.Reader
	extend func()
}

func (e extending) Read(p []byte) (int, error) {
	e.extend()
	return e.in.Read(p)
}

// importRow does what one line says.
func (s *site) importRow(ctx context.Context, c change) error {
	if c.action == actionAdd {
		return s.add(ctx, c)
	}
	getting, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	before, err := s.store.Get(getting, c.name)
	switch {
	case err != nil:
		return err
	case before == c.value:
		return errUnchanged
	}
	return s.replace(ctx, c, before)
}

// importAll imports what it reads, unless another import runs.
func (s *site) importAll(ctx context.Context, w http.ResponseWriter, in io.Reader, format string, c change) (*report, error) {
	if !s.importing.TryLock() {
		return nil, errImporting
	}
	defer s.importing.Unlock()
	i := &importer{
		site: s, change: c, extend: func() { extend(w) },
		seed: maphash.MakeSeed(), seen: map[uint64]int{},
		report: report{Mode: c.action, Faults: []fault{}, status: http.StatusOK},
	}
	i.extend()
	if err := i.run(ctx, in, format); err != nil {
		return nil, err
	}
	done := &i.report
	if done.Stopped == "" && done.Refused > 0 {
		done.status = http.StatusUnprocessableEntity
	}
	s.log.Info("admin imported counters", zap.String("action", c.action), zap.String("by", c.by), zap.String("request_id", c.request),
		zap.Int("changed", done.Changed), zap.Int("unchanged", done.Unchanged), zap.Int("pending", done.Pending),
		zap.Int("refused", done.Refused), zap.String("stopped", done.Stopped), zap.Error(i.stopped))
	return done, nil
}

// errImporting says that another import runs. Nothing was done.
var errImporting = errors.New("another import is running")
