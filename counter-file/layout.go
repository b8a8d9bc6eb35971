package counterfile

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"
)

// The buckets of the file. Names, writers and sources hold no control characters, so a
// zero byte ends a name in a key.
//
//	counters     name               value
//	records      name 0 writer      sum, total, when the writer was last heard of
//	hours        day name           what was counted in the day, by hour
//	days         name 0 block       what was counted in each day of the block
//	sources      name 0 source      the largest total that was brought from the source
//	counter-file format             formatVersion
//
// Each number takes eight bytes; [counts] has the form of hours and days. A checksum of
// the key and the rest follows, because bbolt has none for its pages: a counter that a
// disk has changed must not be shown.
//
// A day is a row of hours as long as its hours are kept, and then one of the counts in a
// row of days. So a view changes one row. The key of hours begins with the day: the rows
// that views change are next to each other, whatever the counters, and so are those to sweep.
//
// The last three of these buckets are made when something is kept in them. A program of
// before there was history opens the file all the same, and leaves them alone.
const (
	counters = "counters"
	records  = "records"
	hours    = "hours"
	days     = "days"
	sources  = "sources"
	about    = "counter-file"

	formatKey     = "format"
	formatVersion = 1
)

// bucket returns a bucket of the file.
func bucket(tx *bbolt.Tx, name string) *bbolt.Bucket { return tx.Bucket([]byte(name)) }

// made returns a bucket of the file, which it makes if it is not there.
func made(tx *bbolt.Tx, name string) (*bbolt.Bucket, error) {
	if b := bucket(tx, name); b != nil {
		return b, nil
	}
	return tx.CreateBucket([]byte(name))
}

// encode returns what is kept under the key.
func encode(key []byte, numbers ...int64) []byte {
	text := make([]byte, 0, 8*len(numbers)+4)
	for _, number := range numbers {
		text = binary.BigEndian.AppendUint64(text, uint64(number)) //nolint:gosec // decode is the inverse
	}
	return seal(key, text)
}

// decode fills the numbers from what is kept under the key.
func decode(key, text []byte, numbers ...*int64) error {
	text, err := unseal(key, text)
	if err != nil || len(text) != 8*len(numbers) {
		return unreadable(key)
	}
	for i, number := range numbers {
		*number = int64(binary.BigEndian.Uint64(text[8*i:])) //nolint:gosec // encode is the inverse
	}
	return nil
}

// seal appends the checksum.
func seal(key, text []byte) []byte {
	return binary.BigEndian.AppendUint32(text, checksum(key, text))
}

// unseal returns the text without the checksum, which must be right.
func unseal(key, text []byte) ([]byte, error) {
	end := len(text) - 4
	if end < 0 || binary.BigEndian.Uint32(text[end:]) != checksum(key, text[:end]) {
		return nil, unreadable(key)
	}
	return text[:end], nil
}

func unreadable(key []byte) error {
	return fmt.Errorf("%w: what is kept of %q does not match its checksum", ErrDamaged, key)
}

func checksum(key, text []byte) uint32 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, text)
}

func decodeValue(name, text []byte) (value int64, err error) {
	return value, decode(name, text, &value)
}

// get returns a counter's value.
func get(tx *bbolt.Tx, name []byte) (int64, error) {
	text := bucket(tx, counters).Get(name)
	if text == nil {
		return 0, nil
	}
	return decodeValue(name, text)
}

// put replaces a counter's value; zero removes it.
func put(tx *bbolt.Tx, name []byte, value int64) error {
	if value == 0 {
		return bucket(tx, counters).Delete(name)
	}
	return bucket(tx, counters).Put(name, encode(name, value))
}

// record is what is kept of a writer's last batch.
type record struct {
	sum, total int64
	at         int64 // seconds since 1970
}

// pairKey is the key of what is kept of a counter and a writer or a source.
func pairKey(name, other string) []byte {
	key := make([]byte, 0, len(name)+1+len(other))
	return append(append(append(key, name...), 0), other...)
}

func decodeRecord(key, text []byte) (r record, err error) {
	return r, decode(key, text, &r.sum, &r.total, &r.at)
}

func (r record) encode(key []byte) []byte { return encode(key, r.sum, r.total, r.at) }

// checkEntry returns an error for an entry of a counter file that can't be right.
func checkEntry(bucket string, key, text []byte) error {
	var err error
	switch bucket {
	case counters, sources:
		_, err = decodeValue(key, text)
	case records:
		_, err = decodeRecord(key, text)
	case hours, days:
		_, err = decodeCounts(key, text)
	case about:
		var version int64
		if err = decode(key, text, &version); err == nil && version != formatVersion {
			err = fmt.Errorf("%w: format %d; this program reads %d", ErrForeign, version, formatVersion)
		}
	}
	return err
}
