package moving

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
)

const (
	// maxPlain is the size limit of a file, or of a part of it, once it is unpacked, in bytes.
	maxPlain = 128 << 20
	// maxEntries is the most files in a ZIP, maxBuckets the most hours of all pages.
	maxEntries = 1000
	maxBuckets = 1_000_000
	// maxPlainLine is the most bytes of a line.
	maxPlainLine = 256 << 10
)

// tally gathers what a file of GoatCounter has for each path.
type tally struct {
	pages map[string]map[counter.Hour]int64
	size  int
}

func (t *tally) add(path string, at time.Time, count int64) error {
	if at.Year() < 1970 || counter.HourOf(at) > counter.MaxHour || count < 1 || count > 1<<50 {
		return errors.New("it has a time or a number that can't be right")
	}
	hours := t.pages[path]
	if hours == nil {
		hours = map[counter.Hour]int64{}
		t.pages[path] = hours
	}
	if _, known := hours[counter.HourOf(at)]; !known {
		if t.size++; t.size > maxBuckets {
			return fmt.Errorf("it has more than %d hours of pages with views: export it in parts, with a later start", maxBuckets)
		}
	}
	hours[counter.HourOf(at)] += count
	return nil
}

// finds returns what was counted for each page, and for the whole site.
func (t *tally) finds(naming Naming, host string) ([]counters.Find, error) {
	var finds []counters.Find
	var site counters.Find
	all := map[counter.Hour]int64{}
	for path, hours := range t.pages {
		page, err := naming.page(host + path)
		if err != nil {
			continue // not an address that a page can have here
		}
		find := counters.Find{From: path, Source: "goatcounter/" + page.String(), Name: page.Counter()}
		for hour, count := range hours {
			find.Total += count
			all[hour] += count
		}
		find.Past = buckets(hours, 1)
		finds = append(finds, find)
		site = counters.Find{From: "GoatCounter, the whole site", Source: "goatcounter/" + page.Host, Name: page.Site()}
	}
	if len(finds) == 0 {
		return nil, errors.New("it has no views of pages, or the host of the pages is not one")
	}
	for _, count := range all {
		site.Total += count
	}
	site.Past = buckets(all, 1)
	return append(merge(finds), site), nil
}

// merge joins finds of the same counter: paths that are one page here.
func merge(finds []counters.Find) []counters.Find {
	at := map[string]int{}
	var merged []counters.Find
	for _, find := range finds {
		i, known := at[find.Name]
		if !known {
			at[find.Name] = len(merged)
			merged = append(merged, find)
			continue
		}
		one := &merged[i]
		counts := map[counter.Hour]int64{}
		for _, bucket := range append(one.Past, find.Past...) {
			counts[bucket.Start] += bucket.Count
		}
		one.From, one.Total, one.Past = one.From+", "+find.From, one.Total+find.Total, buckets(counts, 1)
	}
	return merged
}

// readGoatCSV reads GoatCounter's export of single views. It takes those that GoatCounter
// itself shows: the first of each visit, of pages, not by bots.
func readGoatCSV(in io.Reader, naming Naming, host string) ([]counters.Find, error) {
	t := tally{pages: map[string]map[counter.Hour]int64{}}
	var columns map[string]int
	err := eachLine(in, true, func(line []byte) error {
		cells, err := csv.NewReader(bytes.NewReader(line)).Read()
		if err != nil {
			return errors.New("it is not CSV")
		}
		if columns == nil {
			columns = map[string]int{}
			for i, name := range cells {
				columns[name] = i
			}
			for _, name := range []string{"2Path", "Event", "Bot", "FirstVisit", "Date"} {
				if _, ok := columns[name]; !ok {
					return fmt.Errorf("it has no column %s: only the version 2 of GoatCounter's CSV can be read", name)
				}
			}
			return nil
		}
		if len(cells) != len(columns) {
			return errors.New("it has another number of columns than the first line")
		}
		isTrue := func(column string) bool { text := cells[columns[column]]; return text == "1" || text == "true" }
		bot := cells[columns["Bot"]]
		if isTrue("Event") || !isTrue("FirstVisit") || bot != "0" && bot != "" {
			return nil
		}
		at, err := time.Parse(time.RFC3339, cells[columns["Date"]])
		if err != nil {
			return fmt.Errorf("%.40q is not a time", cells[columns["Date"]])
		}
		return t.add(rooted(cells[columns["2Path"]]), at, 1)
	})
	if err != nil {
		return nil, err
	}
	return t.finds(naming, host)
}

// readGoatZIP reads GoatCounter's export of hours.
func readGoatZIP(file []byte, naming Naming, host string) ([]counters.Find, error) {
	if bytes.Count(file, []byte("PK\x01\x02")) > maxEntries {
		return nil, fmt.Errorf("it has more than %d files in it", maxEntries)
	}
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, errors.New("it is not a whole ZIP file")
	}
	parts := map[string]*zip.File{}
	for _, entry := range archive.File {
		if name := path.Base(strings.ReplaceAll(entry.Name, `\`, "/")); parts[name] == nil {
			parts[name] = entry
		}
	}
	var info struct {
		Version string `json:"export_version"`
		Site    string `json:"created_for"`
	}
	if err := readPart(parts["info.json"], func(in io.Reader) error { return json.NewDecoder(in).Decode(&info) }); err != nil {
		return nil, fmt.Errorf("its info.json: %w", err)
	}
	if major, _, _ := strings.Cut(info.Version, "."); major != "1" {
		return nil, fmt.Errorf("its version is %.20q; only version 1 can be read", info.Version)
	}
	if host == "" {
		host = info.Site
	}
	paths := map[int64]string{}
	if err := readPart(parts["paths.jsonl"], func(in io.Reader) error {
		return eachLine(in, false, func(line []byte) error {
			var row struct {
				ID    int64
				Path  string
				Event bool
			}
			if err := json.Unmarshal(line, &row); err != nil {
				return errors.New("it is not JSON")
			}
			if !row.Event {
				paths[row.ID] = rooted(row.Path)
			}
			if len(paths) > maxBuckets {
				return fmt.Errorf("it has more than %d paths", maxBuckets)
			}
			return nil
		})
	}); err != nil {
		return nil, fmt.Errorf("its paths.jsonl: %w", err)
	}
	t := tally{pages: map[string]map[counter.Hour]int64{}}
	if err := readPart(parts["hit_stats.jsonl"], func(in io.Reader) error {
		return eachLine(in, false, func(line []byte) error {
			var row struct {
				Hour  time.Time
				Path  int64 `json:"path_id"`
				Count int64
			}
			if err := json.Unmarshal(line, &row); err != nil {
				return errors.New("it is not JSON")
			}
			if path, ok := paths[row.Path]; ok && row.Count != 0 {
				return t.add(path, row.Hour, row.Count)
			}
			return nil
		})
	}); err != nil {
		return nil, fmt.Errorf("its hit_stats.jsonl: %w", err)
	}
	return t.finds(naming, host)
}

// readPart reads a file of a ZIP, which may be unpacked up to maxPlain bytes.
func readPart(entry *zip.File, read func(io.Reader) error) error {
	if entry == nil {
		return errors.New("the ZIP does not have it: it is not an export of GoatCounter")
	}
	in, err := entry.Open()
	if err != nil {
		return errors.New("it can't be unpacked")
	}
	defer in.Close()
	return read(&limited{in, maxPlain})
}

// rooted returns a path with a slash before it, as paths of pages have.
func rooted(path string) string { return "/" + strings.TrimLeft(path, "/") }

// limited fails after that many bytes.
type limited struct {
	in   io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("it has more than %d bytes once it is unpacked", int64(maxPlain))
	}
	n, err := l.in.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// eachLine calls take with each line that is not empty. With quotes, a line in which a quote is
// open continues on the next one. Errors have the line's number.
func eachLine(in io.Reader, quotes bool, take func(line []byte) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxPlainLine)
	number := 0
	var open []byte
	for lines.Scan() {
		number++
		line := lines.Bytes()
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if open != nil {
			if line = append(append(open, '\n'), line...); len(line) > maxPlainLine {
				return fmt.Errorf("line %d: a quote is open for too long", number)
			}
			open = nil
		}
		if quotes && bytes.Count(line, []byte(`"`))%2 == 1 {
			open = bytes.Clone(line)
			continue
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := take(line); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d is longer than %d bytes", number+1, maxPlainLine)
	}
	if lines.Err() == nil && open != nil {
		return errors.New("its last line has an open quote")
	}
	return lines.Err()
}
