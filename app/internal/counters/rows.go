package counters

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// Row is a line of a file of counters.
type Row struct {
	Line  int
	Name  string // not yet checked
	Value int64  // 0 or more
	Past  Past
	// Err is what is wrong with the line. If it is set, the fields other than Line have no
	// meaning.
	Err error
}

// Rows yields the lines of a file in a format that [Counters.Import] reads. An error,
// [ErrFormat] or the reader's, ends it.
func Rows(in io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		lines := newLineReader(in)
		line, err := lines.next()
		shape := shapeOf(line)
		switch {
		case err == nil && shape.format == "", errors.Is(err, errLine), errors.Is(err, io.EOF):
			yield(Row{}, ErrFormat)
			return
		case shape.format == CSV:
			line, err = lines.next()
		}
		for ; ; line, err = lines.next() {
			row := Row{Line: lines.number}
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.Is(err, errLine):
				row.Err = err
			case err != nil:
				yield(Row{}, fmt.Errorf("read the file: %w", err))
				return
			default:
				row.read(shape, line)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (r *Row) read(shape shape, line []byte) {
	read, err := readFields(shape, line)
	if err == nil {
		r.Value, err = ParseValue(Set, read.value)
	}
	r.Name, r.Past, r.Err = read.name, read.past, err
}
