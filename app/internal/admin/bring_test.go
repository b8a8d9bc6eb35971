package admin_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/herokuapp/app/internal/admin"
	"example.com/herokuapp/app/internal/moving"
	"example.com/herokuapp/app/internal/sitetest"
	counter "example.com/herokuapp/counter-core"
)

// services answer for other services, by host and path with the query.
type services map[string]string

func (s services) RoundTrip(r *http.Request) (*http.Response, error) {
	text, ok := s[r.URL.Host+r.URL.RequestURI()]
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(text))}
	if !ok {
		answer.StatusCode = http.StatusNotFound
	}
	return answer, nil
}

// others are some services with numbers.
func others() services {
	return services{
		"hits.sh/api/urns/example.com/blog": `{"total":120,"items":[{"data":[{"value":20,"day":"2026-11-02"},{"value":30,"day":"2026-11-03"}]}]}`,
		"hits.sh/api/urns/example.com/two":  `{"total":3}`,
		"hits.dwyl.com/octo/cat.json":       `{"schemaVersion":1,"label":"hits","message":"55","color":"#4c1"}`,
	}
}

// bringer turns on bringing numbers.
func bringer(transport http.RoundTripper) func(*admin.About) {
	return func(about *admin.About) {
		about.Moving, about.ImportLimit = moving.NewReader(transport, moving.Naming{}), importLimit
	}
}

// postForm sends the form to bring numbers, given as name, value, name, value and so on. The file's
// field is called file.
func (s *site) postForm(t *testing.T, pairs ...string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		var part io.Writer
		var err error
		if pairs[i] == "file" {
			part, err = form.CreateFormFile("file", "numbers.csv")
		} else {
			part, err = form.CreateFormField(pairs[i])
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, pairs[i+1])
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return s.do(http.MethodPost, "/admin/bring", form.FormDataContentType(), &body)
}

// confirmPlan sends the form that a page with a plan has.
func (s *site) confirmPlan(t *testing.T, shown *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	t.Helper()
	plan := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(shown.Body.String())
	if plan == nil {
		t.Fatalf("there is no plan: %s", shown.Body)
	}
	return s.post("/admin/bring/add", "plan", plan[1])
}

func wantStreamed(t *testing.T, w *httptest.ResponseRecorder, texts ...string) {
	t.Helper()
	body := w.Body.String()
	for _, text := range append(texts, "<!DOCTYPE html>", "</html>") {
		if !strings.Contains(body, text) {
			t.Errorf("%d lacks %q: %s", w.Code, text, body)
		}
	}
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || strings.Count(body, "<html") != 1 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestNumbersAreShownAndThenBrought(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:example.com/blog": 7, "site:example.com": 10}, bringer(others()))
	wantPage(t, s.get("/admin/bring"), http.StatusOK, "Bring numbers", "one a line")
	shown := s.postForm(t, "from", "addresses", "addresses", "https://hits.sh/example.com/blog.svg\nhttps://hits.sh/example.com/two.svg\nhttps://hits.sh/example.com/none.svg\nhttp://127.0.0.1/\n")
	wantStreamed(t, shown, "What would be added", ">120<", ">127<", "with history since 2026-11-02", "does not know this counter", "http://127.0.0.1/", "All pages of", ">133<", "Add these 2 numbers")
	s.wantValue(t, "views:example.com/blog", 7)
	wantStreamed(t, s.confirmPlan(t, shown), "Everything was brought", ">127<")
	s.wantValue(t, "views:example.com/blog", 127)
	s.wantValue(t, "views:example.com/two", 3)
	s.wantValue(t, "site:example.com", 133)
	past := []counter.Bucket{sitetest.Bucket(t, "2026-11-02T00", 24, 20), sitetest.Bucket(t, "2026-11-03T00", 24, 30)}
	if got := sitetest.History(t, s.store, "views:example.com/blog"); !slices.Equal(got, past) {
		t.Errorf("the history is %v; want %v", got, past)
	}
	wantStreamed(t, s.confirmPlan(t, shown), "Everything was brought") // sent twice
	s.wantValue(t, "views:example.com/blog", 127)
	s.wantValue(t, "site:example.com", 133)
	again := s.postForm(t, "from", "addresses", "addresses", "https://hits.sh/example.com/blog.svg")
	wantStreamed(t, again, "There is nothing to add")
	if strings.Contains(again.Body.String(), `name="plan"`) {
		t.Error("nothing is to be confirmed")
	}
	var logged []string
	for _, line := range s.logs.FilterMessage("counter changed").All() {
		fields := line.ContextMap()
		if fields["value"] != int64(0) {
			logged = append(logged, fields["counter"].(string))
			if fields["after"].(int64)-fields["before"].(int64) != fields["value"].(int64) || fields["from"] == "" || fields["request_id"] == "" {
				t.Errorf("%v", fields)
			}
		}
	}
	if len(logged) != 2 {
		t.Errorf("logged %q", logged)
	}
}

func TestReadingThatAddsIsAskedFirst(t *testing.T) {
	s := newFilled(t, nil, bringer(others()))
	asked := s.postForm(t, "from", "addresses", "addresses", "https://hits.dwyl.com/octo/cat.svg")
	wantPage(t, asked, http.StatusOK, "Reading adds one view there", "https://hits.dwyl.com/octo/cat.svg", `name="adds" value="yes"`)
	shown := s.postForm(t, "from", "addresses", "adds", "yes", "addresses", "https://hits.dwyl.com/octo/cat.svg")
	wantStreamed(t, s.confirmPlan(t, shown), "Everything was brought")
	s.wantValue(t, "views:dwyl/octo/cat", 55)
	wantProblem(t, s.do(http.MethodPost, "/admin/api/bring?mode=look", jsonType, strings.NewReader(`{"addresses":["https://hits.dwyl.com/octo/cat.svg"]}`)), http.StatusConflict, "adds one there")
}

func TestNumbersOfAFileAreBrought(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:/own": 1}, bringer(others()))
	file := "name,value,history\nviews:example.com/a,5,2026-11-02=2\nhttps://example.com/b,6,\nviews:/own,7,\nsession:1,1,\n"
	for range 2 {
		shown := s.postForm(t, "from", "file", "label", "old counter", "file", file)
		wantStreamed(t, shown, "line 5", "is neither")
		if strings.Contains(shown.Body.String(), `name="plan"`) {
			wantStreamed(t, s.confirmPlan(t, shown), "Everything was brought")
		}
		s.wantValue(t, "views:example.com/a", 5)
		s.wantValue(t, "views:example.com/b", 6)
		s.wantValue(t, "views:/own", 8)
		s.wantValue(t, "site:example.com", 11)
	}
	later := s.postForm(t, "from", "file", "label", "old counter", "file", "name,value\nviews:/own,9\n")
	wantStreamed(t, s.confirmPlan(t, later), "Everything was brought")
	s.wantValue(t, "views:/own", 10)
	wantPage(t, s.postForm(t, "from", "file", "file", ""), http.StatusUnprocessableEntity, "There is no file")
	wantStreamed(t, s.postForm(t, "from", "file", "file", "hello"), "neither CSV")
	wantPage(t, s.post("/admin/bring", "addresses", "x"), http.StatusBadRequest, "can&#39;t be read")
}

const jsonType = "application/json"

// bringLines returns the lines that the API answers with.
func bringLines(t *testing.T, w *httptest.ResponseRecorder) (lines []map[string]any) {
	t.Helper()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/jsonl" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for decoder := json.NewDecoder(w.Body); decoder.More(); {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestScriptsBringNumbers(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:example.com/blog": 7}, bringer(others()))
	body := `{"addresses":["https://hits.sh/example.com/blog.svg","https://hits.sh/example.com/none.svg"]}`
	looked := bringLines(t, s.do(http.MethodPost, "/admin/api/bring?mode=look", jsonType, strings.NewReader(body)))
	if len(looked) != 4 || looked[0]["error"] != "hits.sh: it does not know this counter" || looked[1]["name"] != "views:example.com/blog" || looked[1]["there"] != 120.0 ||
		looked[1]["here"] != 7.0 || looked[1]["after"] != 127.0 || looked[3]["done"] != true || looked[3]["dryRun"] != true || looked[3]["failed"] != 1.0 {
		t.Errorf("%v", looked)
	}
	s.wantValue(t, "views:example.com/blog", 7)
	for range 2 {
		added := bringLines(t, s.do(http.MethodPost, "/admin/api/bring?mode=add", jsonType, strings.NewReader(body)))
		if len(added) != 3 || added[1]["after"] != 127.0 || added[2]["dryRun"] != false {
			t.Errorf("%v", added)
		}
		s.wantValue(t, "views:example.com/blog", 127)
		s.wantValue(t, "site:example.com", 120)
	}
	added := bringLines(t, s.do(http.MethodPost, "/admin/api/bring?mode=add&label=x", csvType, strings.NewReader("name,value\nviews:/own,3\n")))
	if len(added) != 2 || added[1]["added"] != 3.0 {
		t.Errorf("%v", added)
	}
	for target, test := range map[string]struct {
		contentType, body string
		status            int
	}{
		"/admin/api/bring":                 {jsonType, body, http.StatusBadRequest},
		"/admin/api/bring?mode=set":        {jsonType, body, http.StatusBadRequest},
		"/admin/api/bring?mode=look&x=1":   {jsonType, body, http.StatusBadRequest},
		"/admin/api/bring?mode=look&a":     {jsonType, `{"addresses":["a\nb"]}`, http.StatusBadRequest},
		"/admin/api/bring?mode=look":       {jsonType, `{"adresses":[]}`, http.StatusBadRequest},
		"/admin/api/bring?mode=look&host=": {jsonType, `{}`, http.StatusBadRequest},
		"/admin/api/bring?host=&mode=add":  {"text/plain", body, http.StatusUnsupportedMediaType},
		"/admin/api/bring?label=&mode=add": {csvType, "hello", http.StatusUnprocessableEntity},
		"/admin/api/bring?mode=add":        {jsonType, `{"redis":"vercount"}`, http.StatusUnprocessableEntity},
	} {
		if w := s.do(http.MethodPost, target, test.contentType, strings.NewReader(test.body)); w.Code != test.status {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestAPlanIsChecked(t *testing.T) {
	s := newFilled(t, map[string]int64{"session:1": 1}, bringer(others()))
	for _, plan := range []string{"", "x", "H4sIAAAAAAAA", "H4sIAAAAAAAA_wAAAP__"} {
		wantPage(t, s.post("/admin/bring/add", "plan", plan), http.StatusBadRequest, "begin again")
	}
	s.wantValue(t, "session:1", 1)
}

func TestStoresThatCantMoveHaveNoNumbersToBring(t *testing.T) {
	s := newSite(t, struct{ counter.Store }{newFilled(t, nil).store}, bringer(others()))
	wantPage(t, s.get("/admin/bring"), http.StatusNotFound, "can&#39;t move counts")
	wantPage(t, s.postForm(t, "from", "addresses", "addresses", "https://hits.sh/example.com/blog.svg"), http.StatusNotFound, "can&#39;t move counts")
	wantProblem(t, s.do(http.MethodPost, "/admin/api/bring?mode=look", jsonType, strings.NewReader("{}")), http.StatusNotFound, "can't move counts")
}
