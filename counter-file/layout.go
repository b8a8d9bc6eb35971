package counterfile

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"
)

// The buckets of the file. Names and writers hold no control characters, so a zero
// byte parts the two in a key.
//
//	counters     name               value
//	records      name 0 writer      sum, total, when the writer was last heard of
//	counter-file format             formatVersion
//
// Each number takes eight bytes. A checksum of the key and the numbers follows them,
// because bbolt has none for its pages: a counter that a disk has changed must not
// be shown.
const (
	counters = "counters"
	records  = "records"
	about    = "counter-file"

	formatKey     = "format"
	formatVersion = 1
)

// bucket returns a bucket of the file.
func bucket(tx *bbolt.Tx, name string) *bbolt.Bucket { return tx.Bucket([]byte(name)) }

// encode returns what is kept under the key.
func encode(key []byte, numbers ...int64) []byte {
	text := make([]byte, 0, 8*len(numbers)+4)
	for _, number := range numbers {
		text = binary.BigEndian.AppendUint64(text, uint64(number)) //nolint:gosec // decode is the inverse
	}
	return binary.BigEndian.AppendUint32(text, checksum(key, text))
}

// decode fills the numbers from what is kept under the key.
func decode(key, text []byte, numbers ...*int64) error {
	end := 8 * len(numbers)
	if len(text) != end+4 || binary.BigEndian.Uint32(text[end:]) != checksum(key, text[:end]) {
		return fmt.Errorf("%w: what is kept of %q does not match its checksum", ErrDamaged, key)
	}
	for i, number := range numbers {
		*number = int64(binary.BigEndian.Uint64(text[8*i:])) //nolint:gosec // encode is the inverse
	}
	return nil
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

func recordKey(name, writer string) []byte {
	return append(append([]byte(name), 0), writer...)
}

func decodeRecord(key, text []byte) (r record, err error) {
	return r, decode(key, text, &r.sum, &r.total, &r.at)
}

func (r record) encode(key []byte) []byte { return encode(key, r.sum, r.total, r.at) }

// checkEntry returns an error for an entry of a counter file that can't be right.
func checkEntry(bucket string, key, text []byte) error {
	var err error
	switch bucket {
	case counters:
		_, err = decodeValue(key, text)
	case records:
		_, err = decodeRecord(key, text)
	case about:
		var version int64
		if err = decode(key, text, &version); err == nil && version != formatVersion {
			err = fmt.Errorf("%w: format %d; this program reads %d", ErrForeign, version, formatVersion)
		}
	}
	return err
}
