package counters

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

const (
	// maxLine is the most bytes in a line of an import. It has room for the hours of years.
	maxLine = 1 << 20
	// maxPlain is the most bytes in a line without a history. A name of 512 bytes takes 3,072
	// if each is escaped.
	maxPlain = 4 << 10
)

// errLine says that a line is too long.
var errLine = fmt.Errorf("it is longer than %d bytes", maxLine)

// shape is what the lines of a file look like.
type shape struct {
	format Format
	cells  int // of a line of CSV: 2, or 3 with the history
}

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

// shapeOf returns the shape of a file, judged by its first line. If the line fits no format,
// the shape has none.
func shapeOf(first []byte) shape {
	if bytes.HasPrefix(bytes.TrimLeft(first, " \t"), []byte("{")) {
		return shape{format: JSONLines}
	}
	cells, err := readCells(first)
	if err == nil && (slices.Equal(cells, []string{"name", "value"}) || slices.Equal(cells, []string{"name", "value", "history"})) {
		return shape{CSV, len(cells)}
	}
	return shape{}
}

// fields are what a line of an import has.
type fields struct {
	name, value string
	past        Past // nil if the line says nothing about history
}

// readFields reads one line.
func readFields(shape shape, line []byte) (read fields, err error) {
	mayBeLong := shape.cells == 3 || shape.format == JSONLines && bytes.Contains(line, []byte(`"history"`))
	if len(line) > maxPlain && !mayBeLong {
		return read, fmt.Errorf("it is longer than %d bytes", maxPlain)
	}
	if shape.format == CSV {
		cells, err := readCells(line)
		switch {
		case err != nil:
			return read, err
		case len(cells) != shape.cells && shape.cells == 2:
			return read, errors.New("it is not two cells, a name and a value")
		case len(cells) != shape.cells:
			return read, errors.New("it is not three cells, a name, a value and a history")
		}
		read.name, read.value = cells[0], cells[1]
		if shape.cells == 3 && cells[2] != "" {
			read.past, err = parsePast(cells[2])
		}
		return read, err
	}
	var row struct {
		Name  member[string]          `json:"name"`
		Value member[json.RawMessage] `json:"value"`
		Past  member[json.RawMessage] `json:"history"`
	}
	if err = decode(line, &row, []string{"name", "value"}, "history"); err != nil {
		return read, err
	}
	read.name, read.value = row.Name.value, string(row.Value.value)
	if row.Past.seen {
		err = read.past.UnmarshalJSON(row.Past.value)
	}
	return read, err
}

// readCells reads the cells of a line of CSV. No name contains a line feed, so an open quote
// ends with its line.
func readCells(line []byte) ([]string, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("it is not valid UTF-8")
	}
	cells, err := csv.NewReader(bytes.NewReader(line)).Read()
	if problem, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, fmt.Errorf("column %d: %w", problem.Column, problem.Err)
	}
	return cells, err
}
