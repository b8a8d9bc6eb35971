package counters

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.uber.org/zap"

	counter "example.com/herokuapp/counter-core"
)

// Format is the format of an export or an import.
type Format string

// The formats. [Past] says how a history is written.
const (
	CSV       Format = "csv"   // with the first line name,value,history, or name,value
	JSONLines Format = "jsonl" // objects with the members name and value, and history if there is one, one a line
)

// Counter is a counter in JSON.
type Counter struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// exported is a counter in an export.
type exported struct {
	Counter
	Past Past `json:"history,omitempty"`
}

// exportRows is how many histories are read in a call.
const exportRows = 128

// Export writes all counters, with their histories, to w in the order in which the store
// yields them, which is arbitrary. It reads some before it writes anything. After an error,
// the output is incomplete. The request's id is for the log.
func (c *Counters) Export(ctx context.Context, w io.Writer, format Format, request string) error {
	out := rowWriter{Writer: bufio.NewWriterSize(w, 32<<10), format: format} // it keeps its first error until Flush
	_, out.past = counter.As[counter.Historian](c.store)
	out.begin()
	count := 0
	rows := make([]exported, 0, exportRows)
	write := func() error {
		if err := c.readPasts(ctx, rows); err != nil {
			return err
		}
		for _, row := range rows {
			if err := out.write(row); err != nil {
				return err
			}
		}
		count += len(rows)
		rows = rows[:0]
		return nil
	}
	var failure error
	for entry, err := range c.All(ctx, "") {
		if failure = err; err != nil {
			break
		}
		if rows = append(rows, exported{Counter: Counter(entry)}); len(rows) == exportRows {
			if failure = write(); failure != nil {
				break
			}
		}
	}
	if failure == nil {
		failure = write()
	}
	if failure != nil {
		c.log.Error("counters can't be exported", zap.Error(failure), zap.Int("exported", count), zap.String("request_id", request))
		return fmt.Errorf("export the counters: %w", failure)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	c.log.Info("counters exported", zap.Int("exported", count), zap.String("request_id", request))
	return nil
}

// readPasts reads the histories of the rows, if the store keeps them.
func (c *Counters) readPasts(ctx context.Context, rows []exported) error {
	if _, ok := counter.As[counter.Historian](c.store); !ok {
		return nil
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row.Name
	}
	pasts, errs := counter.Histories(ctx, c.store, names, 0, counter.MaxHour)
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("read the history: %w", err)
		}
		rows[i].Past = pasts[i]
	}
	return nil
}

// past returns the counter's whole history, which is empty if the store keeps none.
func (c *Counters) past(ctx context.Context, name string) (Past, error) {
	historian, ok := counter.As[counter.Historian](c.store)
	if !ok {
		return nil, nil
	}
	var past Past
	for bucket, err := range historian.History(ctx, name, 0, counter.MaxHour) {
		if err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		past = append(past, bucket)
	}
	return past, nil
}

// setPast replaces the counter's history with past, unless past is nil. It reports whether that
// changed anything.
func (c *Counters) setPast(ctx context.Context, name string, past Past) (changed bool, err error) {
	historian, ok := counter.As[counter.Historian](c.store)
	if !ok || past == nil {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	before, err := c.past(ctx, name)
	if err != nil || before.equal(past) {
		return false, err
	}
	if err := historian.SetHistory(ctx, name, past); err != nil {
		return false, fmt.Errorf("set the history: %w", err)
	}
	return true, nil
}

// rowWriter writes counters in a format.
type rowWriter struct {
	*bufio.Writer
	format Format
	past   bool // histories are written, too
}

// begin writes the first line of CSV.
func (w rowWriter) begin() {
	switch {
	case w.format != CSV:
	case w.past:
		_ = w.cells("name", "value", "history")
	default:
		_ = w.cells("name", "value")
	}
}

func (w rowWriter) write(row exported) error {
	value := strconv.FormatInt(row.Value, 10)
	switch {
	case w.format == CSV && w.past:
		return w.cells(row.Name, value, row.Past.String())
	case w.format == CSV:
		return w.cells(row.Name, value)
	}
	line, err := json.Marshal(row)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	return err
}

// cells writes a line of CSV. It quotes each cell, because a reader with another separator
// could take a part of a name for a formula. No name begins like a formula, so names need no
// other escaping.
func (w rowWriter) cells(cells ...string) error {
	for i, cell := range cells {
		if i > 0 {
			_ = w.WriteByte(',')
		}
		_ = w.WriteByte('"')
		_, _ = w.WriteString(strings.ReplaceAll(cell, `"`, `""`))
		_ = w.WriteByte('"')
	}
	return w.WriteByte('\n')
}
