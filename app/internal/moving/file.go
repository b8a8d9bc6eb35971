package moving

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
)

// MaxFile is the size limit of a file, in bytes.
const MaxFile = 32 << 20

// File is a file with numbers to bring.
type File struct {
	// Content is CSV with the first line name,value, JSON lines, or an export of GoatCounter,
	// which may be packed.
	Content []byte
	// Label says where the numbers are from. Files with the same label are one source:
	// bringing a later file adds what exceeds the earlier one. If Label is empty, only a
	// file with the same content is the same source.
	Label string
	// Host is the host of the pages, for a file that has only their paths. It may be empty
	// for other files.
	Host string
	// Limit is the largest number of counters in the file.
	Limit int
}

// Refusal is a line of a file that is left out.
type Refusal struct {
	Line int
	Why  string
}

// ReadFile returns what the file has for each counter, and the lines that can't be read.
func (r *Reader) ReadFile(file File) ([]counters.Find, []Refusal, error) {
	content := file.Content
	if bytes.HasPrefix(content, []byte("\x1f\x8b")) {
		unpacked, err := unpack(content)
		if err != nil {
			return nil, nil, err
		}
		content = unpacked
	}
	var finds []counters.Find
	var refused []Refusal
	var err error
	switch {
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		finds, err = readGoatZIP(content, r.naming, file.Host)
	case bytes.HasPrefix(bytes.TrimPrefix(bytes.TrimPrefix(content, []byte("\ufeff")), []byte(`"`)), []byte("2Path")):
		if file.Host == "" {
			return nil, nil, errors.New("the file has no host: fill in the host of your pages")
		}
		finds, err = readGoatCSV(bytes.NewReader(content), r.naming, file.Host)
	default:
		finds, refused, err = r.readCounters(file, content)
	}
	if err == nil && len(finds) > file.Limit+1 {
		err = fmt.Errorf("it has more than %d counters, which is the limit: split it, or raise IMPORT_LIMIT", file.Limit)
	}
	return finds, refused, err
}

// unpack decompresses a file, which may be up to four times as large as a plain one.
func unpack(content []byte) ([]byte, error) {
	in, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, errors.New("it can't be unpacked")
	}
	plain, err := io.ReadAll(io.LimitReader(in, 4*MaxFile+1))
	if err != nil {
		return nil, errors.New("it can't be unpacked")
	}
	if len(plain) > 4*MaxFile {
		return nil, fmt.Errorf("it has more than %d bytes once it is unpacked", 4*MaxFile)
	}
	return plain, nil
}

// readCounters reads names and values. A name is that of a counter here, the address of a
// page, or that of a counter at another service.
func (r *Reader) readCounters(file File, content []byte) (finds []counters.Find, refused []Refusal, err error) {
	label := file.Label
	if label == "" {
		sum := sha256.Sum256(file.Content)
		label = hex.EncodeToString(sum[:16])
	}
	sites := map[string]bool{}
	for row, err := range counters.Rows(bytes.NewReader(content)) {
		if err != nil {
			return nil, nil, err
		}
		if len(finds) > file.Limit+1 {
			break // which the caller reports
		}
		find, why := r.findOf(row, label)
		if why != nil {
			refused = append(refused, Refusal{row.Line, why.Error()})
			continue
		}
		if strings.HasPrefix(find.Name, counters.SitePrefix) {
			sites[find.Name] = true
		}
		finds = append(finds, find)
	}
	for i := range finds {
		if sites[finds[i].Site] {
			finds[i].Site = "" // the file has its total
		}
	}
	return finds, refused, nil
}

// findOf returns the find of a row.
func (r *Reader) findOf(row counters.Row, label string) (counters.Find, error) {
	if row.Err != nil {
		return counters.Find{}, row.Err
	}
	source := Source{From: row.Name, typed: row.Value}
	find := counters.Find{From: row.Name, Total: row.Value, Past: row.Past}
	if counters.CheckName(row.Name) == nil {
		find.Name = row.Name
		if page, err := counters.ParsePage(strings.TrimPrefix(row.Name, counters.PagePrefix), r.naming.KeepQuery); err == nil && page.Counter() == row.Name {
			find.Site = page.Site()
		}
	} else {
		if err := r.locate(&source, List{}); err != nil {
			return counters.Find{}, err
		}
		find.Name, find.Site = source.key.page.Counter(), source.site()
		if source.service.hosts != nil {
			find.Source = source.id()
		}
	}
	if find.Source == "" {
		find.Source = "file/" + label + "/" + find.Name
		if counter.CheckName(find.Source) != nil {
			sum := sha256.Sum256([]byte(label + "/" + find.Name))
			find.Source = "file/" + hex.EncodeToString(sum[:])
		}
	}
	return find, find.Check()
}
