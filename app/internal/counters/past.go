package counters

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	counter "example.com/herokuapp/counter-core"
)

// Past is a history as exports and imports write it. In JSON it is an object with the days
// and hours of UTC that have views:
//
//	{"2026-11-25": 7, "2026-11-26T13": 4}
//
// In CSV it is a cell: 2026-11-25=7 2026-11-26T13=4. Each view is in exactly one day or hour.
type Past []counter.Bucket

// hourLayout is how an hour is written: a day, a T, and the hour with two digits.
const hourLayout = "2006-01-02T15"

// String returns the history as a cell of CSV, in the order of time.
func (p Past) String() string {
	var text strings.Builder
	for _, bucket := range p.sorted() {
		if text.Len() > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(bucketTime(bucket))
		text.WriteByte('=')
		text.WriteString(strconv.FormatInt(bucket.Count, 10))
	}
	return text.String()
}

// MarshalJSON implements [json.Marshaler], in the order of time.
func (p Past) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, bucket := range p.sorted() {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, '"')
		text = append(text, bucketTime(bucket)...)
		text = append(text, '"', ':')
		text = strconv.AppendInt(text, bucket.Count, 10)
	}
	return append(text, '}'), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (p *Past) UnmarshalJSON(text []byte) error {
	const wrong = `its history is not an object of times and whole numbers, such as {"2026-11-26": 4}`
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return errors.New(wrong)
	}
	read := Past{}
	for decoder.More() {
		at, _ := decoder.Token()
		count, err := decoder.Token()
		number, ok := count.(json.Number)
		if err != nil || !ok {
			return errors.New(wrong)
		}
		bucket, err := parseBucket(fmt.Sprint(at), number.String())
		if err != nil {
			return err
		}
		read = append(read, bucket)
	}
	*p = read
	return read.check()
}

// parsePast reads a cell of CSV.
func parsePast(text string) (Past, error) {
	var read Past
	for field := range strings.FieldsSeq(text) {
		at, count, _ := strings.Cut(field, "=")
		bucket, err := parseBucket(at, count)
		if err != nil {
			return nil, err
		}
		read = append(read, bucket)
	}
	return read, read.check()
}

func (p Past) check() error {
	if err := counter.CheckBuckets(p); err != nil {
		return fmt.Errorf("its history is wrong: %w", err)
	}
	return nil
}

func parseBucket(at, count string) (counter.Bucket, error) {
	layout, hours := time.DateOnly, counter.DayHours
	if strings.Contains(at, "T") {
		layout, hours = hourLayout, 1
	}
	start, err := time.Parse(layout, at)
	if err != nil || len(at) != len(layout) {
		return counter.Bucket{}, fmt.Errorf("%.40q in its history is neither a day such as 2026-11-26 nor an hour such as 2026-11-26T13", at)
	}
	number, err := ParseValue(Add, count)
	if err != nil {
		return counter.Bucket{}, fmt.Errorf("in its history, %w", err)
	}
	return counter.Bucket{Start: counter.HourOf(start), Hours: hours, Count: number}, nil
}

func bucketTime(bucket counter.Bucket) string {
	if bucket.Hours == 1 {
		return bucket.Start.Time().Format(hourLayout)
	}
	return bucket.Start.Time().Format(time.DateOnly)
}

// sorted returns the history in the order of time, days before their hours.
func (p Past) sorted() Past {
	order := func(a, b counter.Bucket) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Hours, a.Hours))
	}
	if slices.IsSortedFunc(p, order) {
		return p
	}
	return slices.SortedFunc(slices.Values(p), order)
}

// equal reports whether two histories are the same.
func (p Past) equal(other Past) bool { return slices.Equal(p.sorted(), other.sorted()) }

// Since returns when the history begins.
func (p Past) Since() time.Time {
	if len(p) == 0 {
		return time.Time{}
	}
	return p.sorted()[0].Start.Time()
}
