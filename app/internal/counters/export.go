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

// The formats.
const (
	CSV       Format = "csv"   // with the first line name,value
	JSONLines Format = "jsonl" // objects with the members name and value, one a line
)

// Counter is a counter in JSON.
type Counter struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// Export writes all counters to w in the order in which the store yields them, which is
// arbitrary. It reads some before it writes anything. After an error, the output is
// incomplete. The request's id is for the log.
func (c *Counters) Export(ctx context.Context, w io.Writer, format Format, request string) error {
	out := bufio.NewWriterSize(w, 32<<10) // it keeps its first error until Flush
	if format == CSV {
		_ = writeCells(out, "name", "value")
	}
	count := 0
	for entry, err := range c.All(ctx, "") {
		if err != nil {
			c.log.Error("counters can't be exported", zap.Error(err), zap.Int("exported", count), zap.String("request_id", request))
			return fmt.Errorf("export the counters: %w", err)
		}
		if err := writeEntry(out, format, entry); err != nil {
			return err
		}
		count++
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	c.log.Info("counters exported", zap.Int("exported", count), zap.String("request_id", request))
	return nil
}

func writeEntry(out *bufio.Writer, format Format, entry counter.Entry) error {
	if format == CSV {
		return writeCells(out, entry.Name, strconv.FormatInt(entry.Value, 10))
	}
	line, err := json.Marshal(Counter(entry))
	if err == nil {
		_, err = out.Write(append(line, '\n'))
	}
	return err
}

// writeCells writes a line of CSV. It quotes each cell, because a reader with another
// separator could take a part of a name for a formula. No formula begins as names do, so
// names need no other escaping.
func writeCells(out *bufio.Writer, name, value string) error {
	_, err := fmt.Fprintf(out, "\"%s\",\"%s\"\n", strings.ReplaceAll(name, `"`, `""`), value)
	return err
}
