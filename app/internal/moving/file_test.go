package moving_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/moving"
)

const goatHeader = "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,Screen size,Location,FirstVisit,Date\n"

// archive returns a ZIP of files given as name, content, name, content and so on.
func archive(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	packed := zip.NewWriter(&out)
	for i := 0; i < len(pairs); i += 2 {
		file, err := packed.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(file, pairs[i+1])
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bomb returns a ZIP of a file, and of one that unpacks to 129 MiB of empty lines. What compresses
// one MiB is repeated: compressing them all would take the test far longer than reading them.
func bomb(t *testing.T, name, content, large string) []byte {
	t.Helper()
	const times = 129
	line := strings.Repeat(" ", 1023) + "\n"
	var mebibyte bytes.Buffer
	compressor, err := flate.NewWriter(&mebibyte, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(compressor, strings.Repeat(line, 1<<10))
	if err := compressor.Flush(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	packed := zip.NewWriter(&out)
	file, err := packed.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, content)
	file, err = packed.CreateRaw(&zip.FileHeader{
		Name: large, Method: zip.Deflate,
		CompressedSize64: uint64(times * mebibyte.Len()), UncompressedSize64: times << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(bytes.Repeat(mebibyte.Bytes(), times))
	if err := errors.Join(err, packed.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func squeezed(t *testing.T, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	fmt.Fprint(packed, content)
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readFile returns what a file has, as text in order, and the lines that were refused.
func readFile(t *testing.T, file moving.File) (found, refused []string, err error) {
	t.Helper()
	if file.Limit == 0 {
		file.Limit = 100
	}
	finds, wrong, err := moving.NewReader(silent{}, moving.Naming{}).ReadFile(file)
	for _, find := range finds {
		if err := find.Check(); err != nil {
			t.Errorf("%+v: %v", find, err)
		}
		found = append(found, fmt.Sprintf("%s %s %d %s %s", find.Name, find.Site, find.Total, find.Source, find.Past))
	}
	for _, line := range wrong {
		refused = append(refused, fmt.Sprint(line.Line, ": ", line.Why))
	}
	slices.Sort(found)
	return found, refused, err
}

func TestFilesAreRead(t *testing.T) {
	goatCSV := goatHeader +
		"/blog,\"A title,\nof two lines\",0,,Firefox 1,Linux,s1,0,,,\"1,2,3\",DE,1,2020-12-01T00:07:10Z\n" +
		"/blog,A title,false,,Firefox 1,Linux,s2,0,,,,DE,true,2020-12-01T01:07:10+01:00\n" +
		"/blog/,A title,0,,,,s2,0,,,,DE,1,2020-12-01T05:07:10Z\n" +
		"/blog,second of its visit,0,,,,s1,0,,,,DE,0,2020-12-01T00:08:10Z\n" +
		"/blog,a bot,0,,,,s1,3,,,,DE,1,2020-12-01T00:08:10Z\n" +
		"click,an event,1,,,,s1,0,,,,DE,1,2020-12-01T00:08:10Z\n"
	goatFound := []string{
		"site:example.com  3 goatcounter/example.com 2020-12-01T00=2 2020-12-01T05=1",
		"views:example.com/blog  3 goatcounter/example.com/blog 2020-12-01T00=2 2020-12-01T05=1",
	}
	goatZIP := archive(t,
		"goatcounter-export/info.json", `{"export_version":"1.0","goatcounter_version":"2.7","created_for":"stats.example.org","created_at":"2026-03-07T16:49:27Z"}`,
		"goatcounter-export/paths.jsonl", `{"id":1,"path":"/","title":"Home"}`+"\n"+`{"id":2,"path":"/blog"}`+"\n"+`{"id":3,"event":true,"path":"click"}`+"\n",
		"goatcounter-export/hit_stats.jsonl", `{"hour":"2026-03-05T19:00:00Z","path_id":1,"ref_id":1,"count":4}`+"\n"+
			`{"hour":"2026-03-05T19:00:00Z","path_id":1,"ref_id":2,"count":1}`+"\n"+`{"hour":"2026-03-06T00:00:00Z","path_id":2,"ref_id":1,"count":2}`+"\n"+
			`{"hour":"2026-03-06T00:00:00Z","path_id":3,"ref_id":1,"count":9}`+"\n",
	)
	for _, test := range []struct {
		name    string
		file    moving.File
		want    []string
		refused []string
	}{
		{
			"CSV",
			moving.File{Label: "old", Content: []byte("name,value\nviews:example.com/a,5\nhttps://Example.com/b/,6\nhttps://hits.sh/example.com/c.svg,7\nviews:/own,8\ncounter_key,9\n" +
				"example.com/d,x\nnot an address at all,1\nsession:1,1\n")},
			[]string{
				"counter_key  9 file/old/counter_key ", "views:/own  8 file/old/views:/own ", "views:example.com/a site:example.com 5 file/old/views:example.com/a ",
				"views:example.com/b site:example.com 6 file/old/views:example.com/b ", "views:example.com/c site:example.com 7 hits.sh/example.com/c ",
			},
			[]string{"7: \"x\" is not a whole number", "8: ", "9: "},
		},
		{
			"CSV with history and a site",
			moving.File{Label: "old", Content: []byte("\"name\",\"value\",\"history\"\n\"views:example.com/a\",\"5\",\"2026-11-25=2 2026-11-26T13=1\"\n\"site:example.com\",\"50\",\"\"\n" +
				"\"views:example.com/b\",\"1\",\"2026-11-25=2\"\n")},
			[]string{"site:example.com  50 file/old/site:example.com ", "views:example.com/a  5 file/old/views:example.com/a 2026-11-25=2 2026-11-26T13=1"},
			[]string{"4: counter: bad delta: a total of 1 with a history of 2"},
		},
		{
			"JSON lines",
			moving.File{Label: "old", Content: []byte(`{"name":"views:example.com/a","value":5,"history":{"2026-11-26":4}}` + "\n" + `{"name":"views:example.com/b","value":1,"history":{"2026-11-26":1,"2026-11-26":1}}`)},
			[]string{"views:example.com/a site:example.com 5 file/old/views:example.com/a 2026-11-26=4"},
			[]string{"2: its history is wrong"},
		},
		{"GoatCounter's CSV", moving.File{Content: []byte(goatCSV), Host: "example.com"}, goatFound, nil},
		{"the same, packed", moving.File{Content: squeezed(t, goatCSV), Host: "example.com"}, goatFound, nil},
		{
			"GoatCounter's ZIP",
			moving.File{Content: goatZIP},
			[]string{
				"site:stats.example.org  7 goatcounter/stats.example.org 2026-03-05T19=5 2026-03-06T00=2",
				"views:stats.example.org/  5 goatcounter/stats.example.org/ 2026-03-05T19=5", "views:stats.example.org/blog  2 goatcounter/stats.example.org/blog 2026-03-06T00=2",
			},
			nil,
		},
		{
			"the same for a host",
			moving.File{Content: goatZIP, Host: "https://example.com"},
			[]string{
				"site:example.com  7 goatcounter/example.com 2026-03-05T19=5 2026-03-06T00=2",
				"views:example.com/  5 goatcounter/example.com/ 2026-03-05T19=5", "views:example.com/blog  2 goatcounter/example.com/blog 2026-03-06T00=2",
			},
			nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, refused, err := readFile(t, test.file)
			if err != nil || !slices.Equal(found, test.want) {
				t.Errorf("got %v\n%s\nwant\n%s", err, strings.Join(found, "\n"), strings.Join(test.want, "\n"))
			}
			if !slices.EqualFunc(refused, test.refused, strings.HasPrefix) {
				t.Errorf("refused %q; want %q", refused, test.refused)
			}
		})
	}
}

func TestAFileWithoutALabelIsItsOwnSource(t *testing.T) {
	content := []byte("name,value\nviews:example.com/a,5\n")
	one, _, err := readFile(t, moving.File{Content: content})
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := readFile(t, moving.File{Content: content})
	if err != nil || !slices.Equal(one, two) {
		t.Errorf("%v: %q and %q", err, one, two)
	}
	other, _, err := readFile(t, moving.File{Content: []byte("name,value\nviews:example.com/a,6\n")})
	if err != nil || strings.Fields(other[0])[3] == strings.Fields(one[0])[3] {
		t.Errorf("%v: %q is the source of another file, too", err, other)
	}
}

func TestFilesThatCantBeReadSayWhy(t *testing.T) {
	info := `{"export_version":"1.0","created_for":"example.com"}`
	paths := `{"id":1,"path":"/a"}`
	for name, test := range map[string]struct {
		file moving.File
		want string
	}{
		"nothing":             {moving.File{}, "neither CSV"},
		"text":                {moving.File{Content: []byte("hello\nworld\n")}, "neither CSV"},
		"CSV without a host":  {moving.File{Content: []byte(goatHeader)}, "fill in the host"},
		"CSV of version 1":    {moving.File{Content: []byte("1Path,Title,Event,Bot\n")}, "neither CSV"},
		"CSV without columns": {moving.File{Content: []byte("2Path,Title\n/a,b\n"), Host: "example.com"}, "line 1: it has no column Event"},
		"CSV, cut off":        {moving.File{Content: []byte(goatHeader + "/a,\"open"), Host: "example.com"}, "open quote"},
		"CSV with few cells":  {moving.File{Content: []byte(goatHeader + "/a,b\n"), Host: "example.com"}, "line 2: it has another number"},
		"CSV with no time":    {moving.File{Content: []byte(goatHeader + "/a,,0,,,,s,0,,,,,1,today\n"), Host: "example.com"}, "line 2: \"today\" is not a time"},
		"CSV of year 1":       {moving.File{Content: []byte(goatHeader + "/a,,0,,,,s,0,,,,,1,0001-01-01T00:00:00Z\n"), Host: "example.com"}, "line 2: it has a time"},
		"a long line":         {moving.File{Content: []byte(goatHeader + strings.Repeat("x", 300<<10)), Host: "example.com"}, "line 2 is longer"},
		"a bad host":          {moving.File{Content: []byte(goatHeader + "/a,,0,,,,s,0,,,,,1,2020-12-01T00:07:10Z\n"), Host: "a b"}, "the host of the pages"},
		"half a ZIP":          {moving.File{Content: archive(t, "info.json", info)[:60]}, "not a whole ZIP"},
		"a ZIP of others":     {moving.File{Content: archive(t, "a.txt", "hello")}, "info.json: the ZIP does not have it"},
		"a ZIP without hours": {moving.File{Content: archive(t, "info.json", info, "paths.jsonl", paths)}, "hit_stats.jsonl: the ZIP does not have it"},
		"a ZIP of version 2":  {moving.File{Content: archive(t, "info.json", `{"export_version":"2.0"}`)}, "only version 1"},
		"a ZIP of nonsense":   {moving.File{Content: archive(t, "info.json", info, "paths.jsonl", "no")}, "paths.jsonl: line 1: it is not JSON"},
		"a negative count": {moving.File{Content: archive(t, "info.json", info, "paths.jsonl", paths, "hit_stats.jsonl",
			`{"hour":"2026-03-05T19:00:00Z","path_id":1,"count":-1}`)}, "hit_stats.jsonl: line 1: it has a time or a number"},
		"a ZIP bomb":          {moving.File{Content: bomb(t, "info.json", info, "paths.jsonl")}, "paths.jsonl: it has more than"},
		"a gzip bomb":         {moving.File{Content: bytes.Repeat(squeezed(t, strings.Repeat(" ", 1<<20)), 130)}, "once it is unpacked"},
		"a ZIP of many files": {moving.File{Content: archive(t, slices.Repeat([]string{"a", ""}, 1500)...)}, "more than 1000 files"},
		"broken gzip":         {moving.File{Content: []byte("\x1f\x8bhello")}, "can't be unpacked"},
		"too many":            {moving.File{Content: []byte("name,value\n" + strings.Repeat("views:/a,1\n", 50)), Limit: 10}, "IMPORT_LIMIT"},
	} {
		t.Run(name, func(t *testing.T) {
			if found, _, err := readFile(t, test.file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v %q; want an error with %q", err, found, test.want)
			}
		})
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte("name,value,history\nviews:/a,1,2026-11-26=1\n"))
	f.Add([]byte(goatHeader + "/a,,0,,,,s,0,,,,,1,2020-12-01T00:07:10Z\n"))
	f.Add([]byte(`{"name":"views:/a","value":3,"history":{"2026-11-26T13":2}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		finds, _, err := moving.NewReader(silent{}, moving.Naming{}).ReadFile(moving.File{Content: content, Host: "example.com", Limit: 100})
		for _, find := range finds {
			if fault := find.Check(); err == nil && fault != nil {
				t.Errorf("%+v: %v", find, fault)
			}
		}
	})
}
