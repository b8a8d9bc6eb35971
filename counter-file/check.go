package counterfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"
)

// A bbolt file is made of pages, in the byte order of the machine. Each begins with
// its number, type, count of elements, and the count of pages that follow as its
// continuation. Numbers 0 and 1 say where the tree of buckets and the list of free
// pages are; the valid one with the higher transaction counts. Elements come after the
// page's header, their keys and values after all of them, one after the other.
//
// bbolt maps the file to memory and trusts it: damage makes it panic, or ends the process by a
// fault in one of its own goroutines. So this code reads the file with plain reads, trusts
// nothing, and never reads a page twice.
const (
	headerLen  = 16
	elementLen = 16
	bucketLen  = 16 // of a bucket's value, before what it holds inline

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketFlag   = 0x01

	metaLen    = 64
	metaMagic  = 0xED0CDAED
	noFreelist = ^uint64(0)
)

func u16(b []byte) uint16 { return binary.NativeEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.NativeEndian.Uint64(b) }

// checker reads a file through.
type checker struct {
	file     io.ReaderAt
	pageSize uint64
	pages    uint64   // how many are in use or free; those beyond have no meaning
	seen     []bool   // by page
	buckets  []string // at the top
}

// checkFile returns an error unless the file is a counter file and whole.
func checkFile(file *os.File, pageSize int) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if pageSize < headerLen+metaLen {
		return damaged("its pages are said to be %d bytes long", pageSize)
	}
	c := &checker{file: file, pageSize: uint64(pageSize)}
	root, freelist, err := c.meta()
	if err != nil {
		return err
	}
	if size := uint64(info.Size()); c.pages > size/c.pageSize { //nolint:gosec // it is positive
		return damaged("it is cut short: %d bytes of %d pages of %d are there", size, c.pages, c.pageSize)
	}
	c.seen = make([]bool, c.pages)
	if freelist != noFreelist {
		if err := c.freelist(freelist); err != nil {
			return err
		}
	}
	if err := c.tree(root, "", nil, nil); err != nil {
		return err
	}
	if len(c.buckets) > 0 { // else nothing was ever kept in it
		for _, bucket := range []string{about, counters, records} {
			if !slices.Contains(c.buckets, bucket) {
				return fmt.Errorf("%w but another program's bbolt database: it has no bucket %q", ErrForeign, bucket)
			}
		}
	}
	return nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s; restore a backup", ErrDamaged, fmt.Sprintf(format, args...))
}

// meta reads the first two pages.
func (c *checker) meta() (root, freelist uint64, err error) {
	var newest uint64
	found := false
	buf := make([]byte, headerLen+metaLen)
	for i := range uint64(2) {
		if _, err := c.file.ReadAt(buf, int64(i*c.pageSize)); err != nil { //nolint:gosec // it is small
			return 0, 0, err
		}
		meta := buf[headerLen:]
		sum := fnv.New64a()
		sum.Write(meta[:metaLen-8])
		if u32(meta) != metaMagic || u64(meta[metaLen-8:]) != sum.Sum64() {
			continue
		}
		if txid := u64(meta[48:]); !found || txid > newest {
			found, newest = true, txid
			root, freelist, c.pages = u64(meta[16:]), u64(meta[32:]), u64(meta[40:])
		}
	}
	if !found {
		return 0, 0, damaged("its first pages are not valid")
	}
	return root, freelist, nil
}

// page reads a page with its continuation. The count is that of the header.
func (c *checker) page(id uint64) (page []byte, kind, count uint16, err error) {
	if id < 2 || id >= c.pages {
		return nil, 0, 0, damaged("page %d is referred to, of %d", id, c.pages)
	}
	page = make([]byte, c.pageSize)
	if err := c.read(page, id); err != nil {
		return nil, 0, 0, err
	}
	if got := u64(page); got != id {
		return nil, 0, 0, damaged("page %d calls itself %d", id, got)
	}
	more := uint64(u32(page[12:]))
	if more >= c.pages-id {
		return nil, 0, 0, damaged("page %d goes on for %d pages, of %d", id, more, c.pages)
	}
	for i := id; i <= id+more; i++ {
		if err := c.see(i); err != nil {
			return nil, 0, 0, err
		}
	}
	if more > 0 {
		page = make([]byte, (1+more)*c.pageSize)
		if err := c.read(page, id); err != nil {
			return nil, 0, 0, err
		}
	}
	return page, u16(page[8:]), u16(page[10:]), nil
}

func (c *checker) read(page []byte, id uint64) error {
	_, err := c.file.ReadAt(page, int64(id*c.pageSize)) //nolint:gosec // it is in the file
	if errors.Is(err, io.EOF) {
		return damaged("page %d is not there", id)
	}
	return err
}

func (c *checker) see(id uint64) error {
	if c.seen[id] {
		return damaged("page %d is used twice", id)
	}
	c.seen[id] = true
	return nil
}

// freelist reads the list of free pages.
func (c *checker) freelist(id uint64) error {
	page, kind, count, err := c.page(id)
	if err != nil {
		return err
	}
	if kind != freelistPage {
		return damaged("page %d is not the list of free pages", id)
	}
	ids, n := page[headerLen:], uint64(count)
	if count == 0xFFFF && len(ids) >= 8 { // too many for the header
		n, ids = u64(ids), ids[8:]
	}
	if n > uint64(len(ids))/8 {
		return damaged("the list of free pages says it has %d", n)
	}
	for i := range n {
		free := u64(ids[8*i:])
		if free < 2 || free >= c.pages {
			return damaged("page %d is free, of %d", free, c.pages)
		}
		if err := c.see(free); err != nil {
			return err
		}
	}
	return nil
}

// tree reads the tree below a page, whose keys are at least low, if not nil, and below
// high, if not nil. In the tree of buckets bucket is empty.
func (c *checker) tree(id uint64, bucket string, low, high []byte) error {
	page, kind, count, err := c.page(id)
	if err != nil {
		return err
	}
	switch {
	case kind == leafPage:
		return c.leaf(page, count, bucket, low, high)
	case kind != branchPage || count == 0:
		return damaged("page %d is of type %#x with %d elements, in a tree", id, kind, count)
	}
	keys, ids := make([][]byte, count), make([]uint64, count)
	rest := headerLen + int(count)*elementLen
	for i := range int(count) {
		at := headerLen + i*elementLen
		if at+elementLen > len(page) {
			return damaged("page %d has no room for its %d elements", id, count)
		}
		element := page[at:]
		if keys[i], rest, err = part(page, at, u32(element), u32(element[4:]), rest); err != nil {
			return err
		}
		ids[i] = u64(element[8:])
		if err := between(keys[i], low, high, i > 0); err != nil {
			return err
		}
		low = keys[i]
	}
	for i, child := range ids {
		below := high
		if i+1 < len(keys) {
			below = keys[i+1]
		}
		if err := c.tree(child, bucket, keys[i], below); err != nil {
			return err
		}
	}
	return nil
}

// leaf reads a page of entries, or a bucket's value that stands for one.
func (c *checker) leaf(page []byte, count uint16, bucket string, low, high []byte) error {
	rest := headerLen + int(count)*elementLen
	for i := range int(count) {
		at := headerLen + i*elementLen
		if at+elementLen > len(page) {
			return damaged("a page has no room for its %d elements", count)
		}
		element := page[at:]
		key, end, err := part(page, at, u32(element[4:]), u32(element[8:]), rest)
		if err != nil {
			return err
		}
		value, end, err := part(page, end, 0, u32(element[12:]), end)
		if err != nil {
			return err
		}
		rest = end
		if err := between(key, low, high, i > 0); err != nil {
			return err
		}
		low = key
		switch flags := u32(element); {
		case flags == bucketFlag:
			err = c.bucket(bucket, key, value)
		case flags != 0 || bucket == "":
			err = damaged("the entry %q has flags %#x", key, flags)
		default:
			err = checkEntry(bucket, key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bucket reads a bucket. A small one is inline, in its own value.
func (c *checker) bucket(parent string, name, value []byte) error {
	if parent == "" {
		c.buckets = append(c.buckets, string(name))
	}
	if len(value) < bucketLen {
		return damaged("the bucket %q takes %d bytes", name, len(value))
	}
	if root := u64(value); root != 0 {
		return c.tree(root, string(name), nil, nil)
	}
	page := value[bucketLen:]
	if len(page) < headerLen || u16(page[8:]) != leafPage {
		return damaged("the bucket %q is not readable", name)
	}
	return c.leaf(page, u16(page[10:]), string(name), nil, nil)
}

// part returns the bytes of the page that begin offset after at, and where they end. They must
// begin where rest says, because parts leave no gaps.
func part(page []byte, at int, offset, length uint32, rest int) ([]byte, int, error) {
	begin := uint64(at) + uint64(offset) //nolint:gosec // it is positive
	end := begin + uint64(length)
	if begin != uint64(rest) || end > uint64(len(page)) { //nolint:gosec // it is positive
		return nil, 0, damaged("an entry lies outside its page, or over another")
	}
	return page[begin:end:end], int(end), nil //nolint:gosec // it is in the page
}

// between returns an error unless low <= key < high, or low < key where above is set.
func between(key, low, high []byte, above bool) error {
	order := bytes.Compare(key, low)
	if low != nil && (order < 0 || above && order == 0) || high != nil && bytes.Compare(key, high) >= 0 {
		return damaged("the key %q is out of order", key)
	}
	return nil
}
