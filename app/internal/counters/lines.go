package counters

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxLine is the most bytes in a line of an import. A name of 512 bytes takes 3,072 if each
// is escaped.
const maxLine = 4 << 10

// errLine says that a line is too long.
var errLine = fmt.Errorf("it is longer than %d bytes", maxLine)

// lineReader reads lines, numbered from 1, and holds one.
type lineReader struct {
	in     *bufio.Reader
	number int
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, maxLine+2)} // with the end of the line
}

// next returns the next line that is not empty, without its line end. After errLine, the
// following line can be read. The result is valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	for {
		l.number++
		line, err := l.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = l.in.ReadSlice('\n')
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			return nil, errLine
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
			return nil, err
		}
		if l.number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // a byte order mark
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(bytes.TrimSpace(line)) > 0 {
			return line, nil
		}
	}
}

// formatOf returns the format of an import, judged by its first line. It is empty if the
// line fits neither format.
func formatOf(first []byte) Format {
	if bytes.HasPrefix(bytes.TrimLeft(first, " \t"), []byte("{")) {
		return JSONLines
	}
	if cells, err := readCells(first); err == nil && cells[0] == "name" && cells[1] == "value" {
		return CSV
	}
	return ""
}

// readRow reads one line as a counter's name and a number.
func readRow(format Format, line []byte) (name, number string, err error) {
	if format == CSV {
		cells, err := readCells(line)
		return cells[0], cells[1], err
	}
	var row struct {
		Name  member[string]          `json:"name"`
		Value member[json.RawMessage] `json:"value"`
	}
	err = decode(line, &row, "name", "value")
	return row.Name.value, string(row.Value.value), err
}

// readCells reads the two cells of a line of CSV. No name contains a line feed, so an open
// quote ends with its line.
func readCells(line []byte) (cells [2]string, err error) {
	if !utf8.Valid(line) {
		return cells, errors.New("it is not valid UTF-8")
	}
	read, err := csv.NewReader(strings.NewReader(string(line))).Read()
	if problem, ok := errors.AsType[*csv.ParseError](err); ok {
		return cells, fmt.Errorf("column %d: %w", problem.Column, problem.Err)
	}
	if err != nil || len(read) != len(cells) {
		return cells, errors.New("it is not two cells, a name and a value")
	}
	return [2]string(read), nil
}
