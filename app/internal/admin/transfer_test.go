package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

const (
	csvType   = "text/csv"
	linesType = "application/jsonl"
)

// report is what the API says of an import.
type report struct {
	Mode                                 string
	Changed, Unchanged, Pending, Refused int
	Faults                               []struct {
		Line int
		Why  string
	}
	Stopped string
}

// send imports a body, and wants this status.
func (s *site) send(t *testing.T, query, contentType, body string, status int) report {
	t.Helper()
	w := s.do(http.MethodPost, "/admin/api/import"+query, contentType, strings.NewReader(body))
	if status != http.StatusOK {
		wantProblem(t, w, status, "")
	}
	var done report
	if err := json.Unmarshal(w.Body.Bytes(), &done); err != nil || w.Code != status {
		t.Fatalf("%d %s, %v; want %d", w.Code, w.Body, err, status)
	}
	return done
}

// Every name and number comes back from an export as it was, in both formats, and
// a second import of it changes nothing.
func TestExportAndImportRoundTrip(t *testing.T) {
	from := newFilled(t, map[string]int64{"counter_key": 1<<63 - 1, "session:1": 5})
	for n, name := range hostileNames() {
		sitetest.Set(t, from.store, name, int64(n+1))
	}
	want := len(hostileNames()) + 1
	for format, contentType := range map[string]string{"csv": csvType, "jsonl": linesType} {
		for _, path := range []string{"/admin/export", "/admin/api/export"} {
			w := from.get(path + "?format=" + format)
			if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), contentType) ||
				!strings.HasPrefix(w.Header().Get("Content-Disposition"), `attachment; filename="counters-2`) {
				t.Fatalf("%d %v", w.Code, w.Header())
			}
			to := newFilled(t, nil)
			if done := to.send(t, "", contentType, w.Body.String(), http.StatusOK); done.Changed != want || done.Refused != 0 {
				t.Errorf("%s: %+v; want %d changed", format, done, want)
			}
			for n, name := range hostileNames() {
				to.wantValue(t, name, int64(n+1))
			}
			to.wantValue(t, "counter_key", 1<<63-1)
			to.wantValue(t, "session:1", 0)
			if done := to.send(t, "", contentType, w.Body.String(), http.StatusOK); done.Changed != 0 || done.Unchanged != want {
				t.Errorf("%s again: %+v; want %d unchanged", format, done, want)
			}
		}
	}
	wantPage(t, from.get("/admin/export?format=xml"), http.StatusBadRequest, "neither csv nor jsonl")
	wantProblem(t, from.get("/admin/api/export"), http.StatusBadRequest, "neither csv nor jsonl")
}

// Every cell is quoted, so that a reader that splits elsewhere than at commas finds no formula.
func TestExportQuotesEveryCell(t *testing.T) {
	s := newFilled(t, map[string]int64{"=cmd": 1, "+a": 2, "views:/x;=1+1": 3, `views:/"a"|=2`: -4, "counter_key": 5})
	want := []string{`"counter_key","5",""`, `"name","value","history"`, `"views:/""a""|=2","-4",""`, `"views:/x;=1+1","3",""`}
	for _, path := range []string{"/admin/export", "/admin/api/export"} {
		lines := strings.Split(strings.TrimSuffix(s.get(path+"?format=csv").Body.String(), "\n"), "\n")
		if lines[0] != `"name","value","history"` {
			t.Errorf("the first line is %s", lines[0])
		}
		if slices.Sort(lines); !slices.Equal(lines, want) {
			t.Errorf("%q; want %q", lines, want)
		}
	}
}

// What was exported before every cell was quoted is imported.
func TestImportOfAnOldExport(t *testing.T) {
	s := newFilled(t, nil)
	done := s.send(t, "", csvType, "name,value\ncounter_key,7\nviews:/x;=1+1,3\n\"views:/search?q=a,b\",8\n", http.StatusOK)
	if done.Changed != 3 {
		t.Errorf("%+v", done)
	}
	s.wantValue(t, "counter_key", 7)
	s.wantValue(t, "views:/x;=1+1", 3)
	s.wantValue(t, "views:/search?q=a,b", 8)
}

// An export that can't be finished does not look like a whole one.
func TestExportThatFails(t *testing.T) {
	wantProblem(t, newSite(t, sitetest.Broken{Err: errors.New("away")}).get("/admin/api/export?format=csv"), http.StatusServiceUnavailable, "")
	store := countermemory.New()
	for n := range 5000 {
		sitetest.Set(t, store, fmt.Sprintf("views:/%d", n), 1)
	}
	server := httptest.NewServer(newSite(t, failing{store}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/admin/export?format=csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		return // nothing had been sent
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("%d bytes arrived as if they were all", len(text))
	}
}

func TestImportTellsWhatIsWrongLineByLine(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for contentType, test := range map[string]struct {
		body string
		want []string
	}{
		csvType: {
			"\ufeffname,value\r\nviews:/a,1\r\n\r\nviews:/b\r\nviews:/c,x\r\nsession:1,5\r\nviews:/d,4,5\n" +
				"\"views:/e,1\nviews:/\"f,1\n" + long + "\nviews:\xff,1\nviews:/g,-1\nviews:/h,9223372036854775808\n,1\n" +
				"views:/z, 1\n\"views:/\"\"i\"\"\",9\nviews:/j,0",
			[]string{
				"4: it is not two cells", "5: \"x\" is not a whole number", "6: \"session:1\" is not a counter of this app", "7: it is not two cells",
				"8: column", "9: column", "10: it is longer than 4096 bytes", "11: it is not valid UTF-8",
				"12: \"-1\" is not a whole number", "13: \"9223372036854775808\" is not a whole number", "14: it is empty", "15: \" 1\" is not a whole number",
			},
		},
		linesType: {
			"\ufeff{\"name\":\"views:/a\",\"value\":1}\r\n\r\n{\"name\":\"views:/b\"}\n{\"name\":\"views:/c\",\"value\":\"1\"}\n" +
				"{\"name\":5,\"value\":1}\n[]\n{\"name\":\"views:/d\",\"name\":\"views:/e\",\"value\":2}\n{\"name\":\"views:\\ud800\",\"value\":2}\n{\"name\":\"views:\\u000a\",\"value\":2}\n" +
				long + "\n{\"name\":\"views:/x\",\"value\":1e3}\n{\"name\":\"views:/x\",\"value\":1}{}\n{\"name\":\"views:\xff\",\"value\":1}\n" +
				`{"value": 9, "name": "views:/\u0022i\""}` + "\n{\"name\":\"views:/j\",\"value\":0}",
			[]string{
				"3: it has no member \"value\"", "4: \"\\\"1\\\"\" is not a whole number", "5: 5 is not a string", "6: it is not a JSON object",
				"7: it has the same member twice", "8: it has half a surrogate pair", "9: \"views:\\n\" holds a control character",
				"10: it is longer than", "11: \"1e3\" is not a whole number", "12: something follows", "13: it is not valid UTF-8",
			},
		},
	} {
		s := newFilled(t, map[string]int64{"views:/j": 7, "views:/k": 8, "session:1": 1})
		done := s.send(t, "", contentType, test.body, http.StatusUnprocessableEntity)
		var got []string
		for _, fault := range done.Faults {
			got = append(got, fmt.Sprintf("%d: %s", fault.Line, fault.Why))
		}
		if !slices.EqualFunc(got, test.want, strings.HasPrefix) || done.Refused != len(test.want) || done.Changed != 3 {
			t.Errorf("%s: %+v", contentType, done)
			for n := range max(len(got), len(test.want)) {
				if n >= len(got) || n >= len(test.want) || !strings.HasPrefix(got[n], test.want[n]) {
					t.Errorf("fault %d: %q", n, got[min(n, len(got)-1)])
				}
			}
		}
		for name, want := range map[string]int64{"views:/a": 1, `views:/"i"`: 9, "views:/j": 0, "views:/k": 8, "session:1": 1} {
			s.wantValue(t, name, want)
		}
	}
}

func TestImportOfWhatIsNone(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:/a": 1})
	for body, contentType := range map[string]string{
		"":                                    csvType,
		"\n\n":                                csvType,
		"views:/a,5\n":                        csvType,
		"value,name\n5,views:/a\n":            csvType,
		"name;value\nviews:/a;5\n":            csvType,
		"{\"name\":\"views:/a\",\"value\":5}": csvType,
		"name,value\nviews:/a,5":              linesType,
		"<html>":                              linesType,
		"\x1f\x8b\x08":                        csvType,
		"\xff\xfen\x00a\x00m\x00e\x00":        csvType,
		strings.Repeat("a", 10000):            csvType,
	} {
		s.send(t, "", contentType, body, http.StatusBadRequest)
		wantPage(t, s.upload(t, "set", body+"\xff"), http.StatusUnprocessableEntity)
	}
	s.send(t, "", "application/x-www-form-urlencoded", "name,value\nviews:/a,5\n", http.StatusUnsupportedMediaType)
	s.send(t, "?mode=replace", csvType, "name,value\nviews:/a,5\n", http.StatusBadRequest)
	s.send(t, "?mod=add", csvType, "name,value\nviews:/a,5\n", http.StatusBadRequest)
	s.wantLogged(t)
}

func TestImportAdds(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:/a": 1, "views:/full": 1<<63 - 1})
	const body = "name,value\nviews:/a,10\nviews:/b,20\nviews:/c,0\nviews:/full,1\n"
	for n := range int64(2) {
		done := s.send(t, "?mode=add", csvType, body, http.StatusUnprocessableEntity)
		if done.Mode != "add" || done.Changed != 2 || done.Refused != 2 {
			t.Errorf("%+v", done)
		}
		s.wantValue(t, "views:/a", 11+10*n)
		s.wantValue(t, "views:/b", 20+20*n)
	}
	s.logs.TakeAll()
	s.send(t, "", csvType, "name,value\nviews:/a,10\n", http.StatusOK)
	s.wantLogged(t, "set views:/a 21 10 import")
}

// A store that fails ends an import, which says where; additions it keeps are told.
func TestImportIntoAStoreThatFails(t *testing.T) {
	var body strings.Builder
	body.WriteString("name,value\n")
	for n := range 1000 {
		fmt.Fprintf(&body, "views:/%d,1\n", n)
	}
	s := newSite(t, refusing{countermemory.New(), errors.New("secret")})
	done := s.send(t, "", csvType, body.String(), http.StatusServiceUnavailable)
	if done.Changed != 0 || done.Refused < 1 || done.Refused > 512 || done.Faults[0].Line != 2 ||
		!strings.Contains(done.Stopped, fmt.Sprintf("after line %d.", 1+done.Refused)) {
		t.Errorf("%+v", done)
	}
	done = s.send(t, "", csvType, "name,value\nviews:/a,1\n", http.StatusServiceUnavailable) // the last lines, too
	if done.Refused != 1 || !strings.Contains(done.Stopped, "after line 2") {
		t.Errorf("%+v", done)
	}
	s = newSite(t, refusing{countermemory.New(), &counter.PendingError{Err: errors.New("away")}})
	if done := s.send(t, "?mode=add", csvType, body.String(), http.StatusOK); done.Pending != 1000 {
		t.Errorf("%+v", done)
	}
}

// A client that has sent the whole file and closes its side of the connection has imported it.
func TestImportWhoseClientClosesItsSide(t *testing.T) {
	s := newFilled(t, nil)
	ctx, closeSide := context.WithCancel(t.Context())
	closeSide()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://example.com/admin/api/import",
		strings.NewReader("name,value\nviews:/a,1\n"))
	r.Header.Set("Content-Type", csvType)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if s.wantValue(t, "views:/a", 1); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A file larger than is taken, and one that breaks off, say so, and what a line
// cut in two would have set is not set.
func TestImportThatEndsEarly(t *testing.T) {
	s := newFilled(t, nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/admin/api/import",
		io.MultiReader(strings.NewReader("name,value\nviews:/a,1\nviews:/b,1"), brokenReader{}))
	r.Header.Set("Content-Type", csvType)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	wantProblem(t, w, http.StatusBadRequest, "did not arrive completely. The import ended after line 2")
	s.wantValue(t, "views:/a", 1)
	s.wantValue(t, "views:/b", 0)

	huge := io.MultiReader(strings.NewReader("name,value\nviews:/c,1\n"), endless{})
	w = s.do(http.MethodPost, "/admin/api/import", csvType, huge)
	wantProblem(t, w, http.StatusRequestEntityTooLarge, "raise IMPORT_LIMIT")
}

// brokenReader is a connection that was cut.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// endless is a line without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for filled := 0; filled < len(p); {
		filled += copy(p[filled:], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	}
	return len(p), nil
}

// upload sends the form of the page with a file.
func (s *site) upload(t *testing.T, mode, file string) *httptest.ResponseRecorder {
	t.Helper()
	page := s.get("/admin/import").Body.String()
	_, once, _ := strings.Cut(page, `name="once" value="`)
	once, _, _ = strings.Cut(once, `"`)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("once", once)
	_ = form.WriteField("mode", mode)
	part, err := form.CreateFormFile("file", `../"counters".csv`)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, file)
	_ = form.Close()
	sent := body.String()
	w := s.do(http.MethodPost, "/admin/import", form.FormDataContentType(), strings.NewReader(sent))
	// The same form once more does nothing.
	if mode == "set" || mode == "add" {
		wantPage(t, s.do(http.MethodPost, "/admin/import", form.FormDataContentType(), strings.NewReader(sent)), http.StatusConflict)
	}
	return w
}

func TestImportPage(t *testing.T) {
	s := newFilled(t, nil)
	wantPage(t, s.get("/admin/import"), http.StatusOK, `enctype="multipart/form-data"`)
	wantPage(t, s.upload(t, "set", "name,value\nviews:/a,5\n"), http.StatusOK, "Every line was imported", "<dt>Set</dt><dd>1</dd>")
	wantPage(t, s.upload(t, "add", `{"name":"views:/a","value":5}`), http.StatusOK, "<dt>Added to</dt><dd>1</dd>")
	s.wantValue(t, "views:/a", 10)
	w := s.upload(t, "set", "name,value\n<script>,5\nviews:/b,1\n")
	wantPage(t, w, http.StatusUnprocessableEntity, "Some lines were not imported", "<td class=\"number\">2</td>", "&lt;script&gt;")
	wantHarmless(t, w.Body.String())
	s.wantValue(t, "views:/b", 1)
	wantPage(t, s.upload(t, "", "name,value\nviews:/a,5\n"), http.StatusUnprocessableEntity, "Choose what each line does")
	wantPage(t, s.post("/admin/import", "mode", "set"), http.StatusBadRequest)
	wantPage(t, s.do(http.MethodPost, "/admin/import", "multipart/form-data; boundary=x", strings.NewReader("--x--")), http.StatusBadRequest, "There is no file")

	var many strings.Builder
	many.WriteString("name,value\n")
	for range 1000 {
		many.WriteString("bad\n")
	}
	w = s.upload(t, "set", many.String())
	wantPage(t, w, http.StatusUnprocessableEntity, "<dd>1,000</dd>", "and 800 more")
	if w.Body.Len() > 64<<10 {
		t.Errorf("the page has %d bytes", w.Body.Len())
	}
}

// A file that takes longer to arrive than a server lets a short request take is imported.
func TestImportOutlastsTheDeadlines(t *testing.T) {
	s := newFilled(t, nil)
	server := httptest.NewUnstartedServer(s)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 200*time.Millisecond, 200*time.Millisecond
	server.Start()
	defer server.Close()
	body, sender := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/admin/api/import", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", csvType)
	go func() {
		for _, line := range []string{"name,value\n", "views:/a,1\n", "views:/b,2\n"} {
			_, _ = io.WriteString(sender, line)
			time.Sleep(200 * time.Millisecond)
		}
		_ = sender.Close()
	}()
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
	s.wantValue(t, "views:/b", 2)
}

// There is one import at a time: what it holds is bounded.
func TestImportsDoNotRunAtOnce(t *testing.T) {
	s := newFilled(t, nil)
	body, sender := io.Pipe()
	first := make(chan *httptest.ResponseRecorder)
	go func() { first <- s.do(http.MethodPost, "/admin/api/import", csvType, body) }()
	if _, err := io.WriteString(sender, "name,value\nviews:/a,1\n"); err != nil { // it runs
		t.Fatal(err)
	}
	s.send(t, "", csvType, "name,value\nviews:/b,1\n", http.StatusConflict)
	_ = sender.Close()
	if w := <-first; w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.wantValue(t, "views:/a", 1)
	s.wantValue(t, "views:/b", 0)
}
