package counterfile

import (
	"encoding/binary"
	"iter"
	"math"
	"math/bits"
	"slices"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

// counts is a row of the history: what was counted in each hour of a day and, at wholeDay,
// in hours of it that aren't known; or what was counted in each day of a block of days. Most
// of them are zero or small. So it is kept as four bytes that say which are not zero, and
// those as varints.
type counts [32]int64

const (
	wholeDay = counter.DayHours
	// blockHours is how many hours a row of days is about.
	blockHours = counter.Hour(len(counts{})) * counter.DayHours
)

// slotOf returns the index of a day in its row of days.
func slotOf(day counter.Hour) counter.Hour { return day % blockHours / counter.DayHours }

func (c *counts) encode(key []byte) []byte {
	var which uint32
	text := make([]byte, 4, 64)
	for i, n := range c {
		if n != 0 {
			which |= 1 << i
			text = binary.AppendUvarint(text, uint64(n)) //nolint:gosec // it is positive
		}
	}
	binary.BigEndian.PutUint32(text, which)
	return seal(key, text)
}

func decodeCounts(key, text []byte) (c counts, err error) {
	text, err = unseal(key, text)
	if err != nil {
		return c, err
	}
	if len(text) < 4 {
		return c, unreadable(key)
	}
	which, rest := binary.BigEndian.Uint32(text), text[4:]
	for ; which != 0; which &= which - 1 {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n == 0 || n > math.MaxInt64 {
			return c, unreadable(key)
		}
		c[bits.TrailingZeros32(which)] = int64(n)
		rest = rest[size:]
	}
	if len(rest) > 0 {
		return c, unreadable(key)
	}
	return c, nil
}

func (c *counts) sum() (total int64) {
	for _, n := range c {
		total = sum(total, n)
	}
	return total
}

// sum adds two counts. If the sum would be too large, it returns the maximum.
func sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// hoursKey is the key of the hours of the day that the hour is in.
func hoursKey(name string, hour counter.Hour) []byte {
	return append(appendNumber(make([]byte, 0, numberLen+len(name)), hour/counter.DayHours), name...)
}

func splitHoursKey(key []byte) (day counter.Hour, name string) {
	return counter.Hour(binary.BigEndian.Uint32(key)) * counter.DayHours, string(key[numberLen:])
}

// daysKey is the key of the days of the block that the hour is in.
func daysKey(name string, hour counter.Hour) []byte {
	return appendNumber(pairKey(name, ""), hour/blockHours)
}

// numberLen is how many bytes of a key are a number.
const numberLen = 4

func appendNumber(key []byte, number counter.Hour) []byte {
	return binary.BigEndian.AppendUint32(key, uint32(number)) //nolint:gosec // an hour is at most counter.MaxHour
}

// countsAt returns the counts that a bucket has under the key, and the bucket.
func countsAt(tx *bbolt.Tx, name string, key []byte) (b *bbolt.Bucket, c counts, err error) {
	if b, err = made(tx, name); err != nil {
		return nil, c, err
	}
	if text := b.Get(key); text != nil {
		c, err = decodeCounts(key, text)
	}
	return b, c, err
}

// row is a row of a counter's history.
type row struct {
	key    []byte
	start  counter.Hour // of the first of the counts
	counts counts
}

// hoursOf yields a counter's rows of hours for the days from from to to.
func hoursOf(tx *bbolt.Tx, name string, from, to counter.Hour) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		b := bucket(tx, hours)
		if b == nil {
			return
		}
		cursor := b.Cursor()
		for day := from.Day(); day <= to; day += counter.DayHours {
			key := hoursKey(name, day)
			found, text := cursor.Seek(key)
			if found == nil {
				return
			}
			if !slices.Equal(found, key) {
				// No counter has anything in the days before that.
				next, _ := splitHoursKey(found)
				day = max(day, next-counter.DayHours)
				continue
			}
			c, err := decodeCounts(key, text)
			if !yield(row{key, day, c}, err) || err != nil {
				return
			}
		}
	}
}

// daysOf yields a counter's rows of days for the blocks from from to to.
func daysOf(tx *bbolt.Tx, name string, from, to counter.Hour) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		b := bucket(tx, days)
		if b == nil {
			return
		}
		cursor := b.Cursor()
		last := string(daysKey(name, to))
		for key, text := cursor.Seek(daysKey(name, from)); key != nil && string(key) <= last; key, text = cursor.Next() {
			block := counter.Hour(binary.BigEndian.Uint32(key[len(name)+1:]))
			c, err := decodeCounts(key, text)
			if !yield(row{slices.Clone(key), block * blockHours, c}, err) || err != nil {
				return
			}
		}
	}
}
