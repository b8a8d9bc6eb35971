package counters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

const (
	// importRows is how many rows are carried out together. Their counters are read in one call
	// and set in another, because asking a distant store about each would be slow.
	importRows = 512
	// importers is how many additions or histories are sent at the same time.
	importers = 64
	// maxHeld is how many bytes of lines are held before they are carried out.
	maxHeld = 1 << 20
	// outTimeout is how long an addition waits while earlier ones are pending.
	outTimeout = 50 * time.Millisecond
	// maxFaults is how many of the refused lines are reported.
	maxFaults = 200
)

// With these errors, Import has done nothing.
var (
	ErrFormat    = errors.New("the file is neither CSV with the first line name,value nor JSON lines")
	ErrImporting = errors.New("another import is running")
)

// These errors end an import early, as errors of the store do. What the import has done by then
// is not undone.
var (
	ErrLimit    = errors.New("the file has too many counters")
	ErrCut      = errors.New("the file did not arrive completely")
	ErrStopping = errors.New("the program is stopping")
)

// ImportOptions are the options of an import.
type ImportOptions struct {
	// Action is [Set] or [Add]: what each line does to its counter.
	Action Action
	// Format is the file's format. If empty, the first line of the file decides.
	Format Format
	// Request is the id of the request, for the log.
	Request string
	// Stop ends the import early when it is closed. Rows that were already sent to the store
	// are finished first. If nil, nothing ends it.
	Stop <-chan struct{}
	// Progress, if not nil, is called before each row, by several goroutines at the same time.
	Progress func()
}

// Report is what an import did.
type Report struct {
	Mode      Action  `json:"mode"`      // Set or Add
	Changed   int     `json:"changed"`   // lines that were set, or added
	Unchanged int     `json:"unchanged"` // lines whose counter already had the value
	Pending   int     `json:"pending"`   // lines whose addition is kept until the store answers
	Refused   int     `json:"refused"`
	Faults    []Fault `json:"faults"` // the first of the refused lines
	// Stopped says why and where the import ended early. It is empty if it did not.
	Stopped string `json:"stopped,omitempty"`
	// Err is the error that ended the import early: [ErrLimit], [ErrCut], [ErrStopping], or
	// an error of the store or the context.
	Err error `json:"-"`
}

// Fault is a line that was refused.
type Fault struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

func (r *Report) refuse(line int, why string) {
	r.Refused++
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, Fault{line, why})
	}
}

// Import reads a file and carries out its lines in order while it reads. Its memory does not
// grow with the file, so an import that ends early is not undone: the report says after
// which line it ended, and setting the same file again does no harm. A wrong line is refused
// and the others are imported. A name that occurs twice is set, or added to, twice. If the
// error is [ErrFormat] or [ErrImporting], nothing was done.
func (c *Counters) Import(ctx context.Context, in io.Reader, options ImportOptions) (*Report, error) {
	if !c.importing.TryLock() {
		return nil, ErrImporting
	}
	defer c.importing.Unlock()
	if options.Progress == nil {
		options.Progress = func() {}
	}
	i := &importer{
		counters: c, options: options, names: map[string]struct{}{},
		report: Report{Mode: options.Action, Faults: []Fault{}},
	}
	// No line of a counter is longer than maxLine.
	i.lines = newLineReader(&limitedReader{in, (int64(c.limit) + 1) * maxLine})
	if err := i.run(ctx); err != nil {
		return nil, err
	}
	done := &i.report
	c.log.Info("counters imported", zap.String("action", string(done.Mode)), zap.String("request_id", options.Request),
		zap.Int("changed", done.Changed), zap.Int("unchanged", done.Unchanged), zap.Int("pending", done.Pending),
		zap.Int("refused", done.Refused), zap.String("stopped", done.Stopped), zap.Error(done.Err))
	return done, nil
}

// limitedReader fails with ErrLimit after left bytes.
type limitedReader struct {
	in   io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, ErrLimit
	}
	n, err := l.in.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// importer is one import.
type importer struct {
	counters *Counters
	options  ImportOptions
	lines    *lineReader
	rows     []row               // to be carried out together
	names    map[string]struct{} // the names in rows
	held     int                 // bytes of the lines of rows
	read     int                 // rows so far
	report   Report
	out      atomic.Bool // the last addition is pending
}

// row is a line on its way to the store.
type row struct {
	line int
	Change
	past    Past // to set; nil if the line has none
	outcome error
}

// errUnchanged is the outcome of a row that changes nothing.
var errUnchanged = errors.New("unchanged")

// run imports the file. If it ends early, it notes the reason in the report.
func (i *importer) run(ctx context.Context) error {
	line, err := i.lines.next()
	shape := shapeOf(line)
	switch {
	case errors.Is(err, io.EOF) && i.options.Format == JSONLines: // an export of no counters
		return nil
	case err != nil && !errors.Is(err, errLine) && !errors.Is(err, io.EOF):
		i.stopReading(err)
		return nil
	case shape.format == "", i.options.Format != "" && i.options.Format != shape.format:
		return ErrFormat
	case shape.format == CSV:
		line, err = i.lines.next()
	}
	for ; ; line, err = i.lines.next() {
		switch {
		case err == nil:
			err = i.take(ctx, shape, line)
		case errors.Is(err, errLine):
			i.report.refuse(i.lines.number, err.Error())
			err = nil
		}
		if err == nil && (len(i.rows) == importRows || i.held > maxHeld) {
			err = i.apply(ctx)
		}
		if err != nil {
			break
		}
	}
	if i.report.Err == nil && i.apply(ctx) == nil && !errors.Is(err, io.EOF) {
		i.stopReading(err)
	}
	return nil
}

// stopReading notes why the rest of the file is not read.
func (i *importer) stopReading(err error) {
	switch {
	case i.stopping():
		i.stop(ErrStopping, "The program is stopping.", i.lines.number-1)
	case errors.Is(err, ErrLimit):
		i.stop(ErrLimit, fmt.Sprintf("The file has more than %d counters, which is the limit: split it, or raise IMPORT_LIMIT.",
			i.counters.limit), i.lines.number-1)
	default:
		i.stop(fmt.Errorf("%w: %w", ErrCut, err), "The file did not arrive completely.", i.lines.number-1)
	}
}

// stop notes why and after which line the import ended.
func (i *importer) stop(err error, why string, line int) {
	i.report.Err = err
	i.report.Stopped = fmt.Sprintf("%s The import ended after line %d. What it did until then stays.", why, line)
}

func (i *importer) stopping() bool {
	select {
	case <-i.options.Stop:
		return true
	default:
		return false
	}
}

// take reads a line. It adds it to the rows or notes what is wrong with it. Rows are carried
// out at the same time, so a second row for one counter has to wait for them.
func (i *importer) take(ctx context.Context, shape shape, line []byte) error {
	read, err := readFields(shape, line)
	name := read.name
	if err == nil {
		err = CheckName(name)
	}
	var value int64
	if err == nil {
		value, err = ParseValue(i.options.Action, read.value)
	}
	if err == nil && value == 0 && len(read.past) > 0 {
		err = errors.New("a counter that is 0 has no history")
	}
	if err != nil {
		i.report.refuse(i.lines.number, reason(err))
		return nil
	}
	if i.read == i.counters.limit {
		return ErrLimit
	}
	if _, twice := i.names[name]; twice {
		if err := i.apply(ctx); err != nil {
			return err
		}
	}
	i.read++
	i.names[name] = struct{}{}
	i.held += len(line)
	i.rows = append(i.rows, row{line: i.lines.number, past: read.past, Change: Change{
		Action: i.options.Action, Name: name, Value: value, By: "import", Request: i.options.Request,
	}})
	return nil
}

// apply carries out the rows and notes the outcome of each. It starts no further row after one
// has shown that the store fails, or once the import has to stop.
func (i *importer) apply(ctx context.Context) error {
	done := i.rows[:i.carryOut(ctx)]
	var failure error
	for n := range done {
		row := &done[n]
		switch {
		case row.outcome == nil:
			i.report.Changed++
		case errors.Is(row.outcome, errUnchanged):
			i.report.Unchanged++
		case row.Action == Add && errors.Is(row.outcome, counter.ErrPending):
			i.report.Pending++
		default:
			i.report.refuse(row.line, Explain(row.outcome))
		}
		if isFailure(row) {
			failure = row.outcome
		}
	}
	last := i.lines.number
	if len(done) < len(i.rows) {
		last = i.rows[len(done)].line - 1
	} else if len(done) > 0 {
		last = done[len(done)-1].line
	}
	switch {
	case failure != nil && ctx.Err() != nil:
		i.stop(failure, "The request was cut off.", last)
	case failure != nil:
		i.stop(failure, "The store does not answer.", last)
	case len(done) < len(i.rows):
		i.stop(ErrStopping, "The program is stopping.", last)
	}
	i.rows, i.held = i.rows[:0], 0
	clear(i.names)
	return i.report.Err
}

// isFailure reports whether a row's outcome ends the import, because other rows would fail
// too.
func isFailure(r *row) bool {
	err := r.outcome
	return err != nil && !errors.Is(err, errUnchanged) && !errors.Is(err, counter.ErrType) && !errors.Is(err, counter.ErrOverflow) &&
		(r.Action != Add || !errors.Is(err, counter.ErrPending))
}

// carryOut carries out the rows in order and returns how many it has carried out.
func (i *importer) carryOut(ctx context.Context) int {
	_, bulk := counter.As[counter.Bulk](i.counters.store)
	switch {
	case i.stopping():
		return 0
	case i.options.Action == Add:
		return i.each(i.rows, func(r *row) error { return i.addRow(ctx, r.Change) })
	case bulk:
		return i.setRows(ctx)
	default:
		return i.each(i.rows, func(r *row) error { return i.setRow(ctx, r.Change, r.past) })
	}
}

// each calls do for the rows in order, several at the same time, and notes the outcomes. It
// returns for how many rows it has called do: all, unless one has shown that the store fails or
// the import has to stop.
func (i *importer) each(rows []row, do func(*row) error) int {
	var begun atomic.Int64
	var failed atomic.Bool
	var working sync.WaitGroup
	for range min(importers, len(rows)) {
		working.Go(func() {
			for !failed.Load() && !i.stopping() {
				n := begun.Add(1) - 1
				if n >= int64(len(rows)) {
					return
				}
				row := &rows[n]
				i.options.Progress()
				if row.outcome = do(row); isFailure(row) {
					failed.Store(true)
				}
			}
		})
	}
	working.Wait()
	return min(int(begun.Load()), len(rows))
}

// setRows sets the counters whose value differs, and then the histories. It returns how many
// rows it has carried out. If a counter can't be read, those after it are left alone.
func (i *importer) setRows(ctx context.Context) int {
	names := make([]string, len(i.rows))
	for n := range i.rows {
		i.options.Progress()
		names[n] = i.rows[n].Name
	}
	before, errs := i.counters.getAll(ctx, names)
	rows := i.rows
	var changing []*row
	var changes []replacement
	for n := range i.rows {
		row := &i.rows[n]
		row.outcome = errs[n]
		switch {
		case isFailure(row):
			rows = rows[:n+1]
		case row.outcome != nil:
		case before[n] == row.Value:
			row.outcome = errUnchanged
		default:
			changing, changes = append(changing, row), append(changes, replacement{row.Change, before[n]})
		}
		if len(rows) <= n+1 {
			break
		}
	}
	for n, err := range i.counters.replaceAll(ctx, changes) {
		changing[n].outcome = err
	}
	return i.each(rows, func(r *row) error {
		if r.outcome != nil && !errors.Is(r.outcome, errUnchanged) {
			return r.outcome
		}
		changed, err := i.counters.setPast(ctx, r.Name, r.past)
		if err == nil && !changed {
			return r.outcome
		}
		return err
	})
}

// setRow sets a counter if its value differs, and then its history.
func (i *importer) setRow(ctx context.Context, change Change, past Past) error {
	before, err := i.counters.Get(ctx, change.Name)
	if err == nil && before != change.Value {
		err = i.counters.replace(ctx, change, before)
	}
	if err != nil {
		return err
	}
	changed, err := i.counters.setPast(ctx, change.Name, past)
	if err == nil && !changed && before == change.Value {
		return errUnchanged
	}
	return err
}

// addRow adds to a counter. Once an addition is pending, the next ones do not wait for long.
// They are kept anyway, and waiting for each would take minutes while the store does not
// answer.
func (i *importer) addRow(ctx context.Context, change Change) error {
	if i.out.Load() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, outTimeout)
		defer cancel()
	}
	err := i.counters.add(ctx, change)
	i.out.Store(errors.Is(err, counter.ErrPending))
	return err
}
