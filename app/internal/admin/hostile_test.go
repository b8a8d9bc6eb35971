package admin_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"example.com/herokuapp/app/internal/sitetest"
)

// hostileNames are names there can be that must do no harm where they are shown.
func hostileNames() []string {
	return []string{
		`views:"><img src=x onerror=alert(1)>`,
		`views:'><script>alert(1)</script>`,
		`views:</title></bdi></td></table></textarea><script>alert(1)</script>`,
		`views:javascript:alert(1)`,
		"views:{{.Name}}{{template \"home.html\"}}",
		"views:`${alert(1)}`",
		"views:&amp;&lt;&#0;%00%0d%0a%3Cscript%3E",
		"views:\u202etxt.exe\u202c\u200f\u2066",
		"views:e\u0301" + strings.Repeat("\u0301", 50),
		"views:\ufeff\u200b\u2028\u2029\u00a0 ",
		"views:,;=cmd|' /C calc'!A0,\"\"\",+-@",
		"views:🏳️‍🌈/日本語/العربية",
		"views:\U0010ffff\ufffd",
		"views:" + strings.Repeat("a", 506),
		"views:" + strings.Repeat(`"`, 506),
		"views:" + strings.Repeat("<", 506),
	}
}

// wantHarmless fails if the page has an element or an attribute that is none of ours.
func wantHarmless(t *testing.T, page string) {
	t.Helper()
	page = regexp.MustCompile(`<img src="/badge/[\w%./:-]+\?read" alt="views: \d+">`).ReplaceAllString(page, "")
	for _, harm := range []string{"<script", "<img", "onerror=alert(1)>", "</title></bdi>", `href="javascript:`, "\u0000"} {
		if strings.Contains(page, harm) {
			t.Errorf("%q is in the page: %s", harm, page)
		}
	}
	if strings.Count(page, "<bdi") != strings.Count(page, "</bdi>") || strings.Count(page, "<title>") != 1 {
		t.Errorf("the page has lost its shape: %s", page)
	}
}

func TestHostileNames(t *testing.T) {
	s := newFilled(t, nil)
	names := hostileNames()
	for _, name := range names {
		sitetest.Set(t, s.store, name, 41)
		query := url.Values{"name": {name}, "prefix": {name}}.Encode()
		list := s.get("/admin/counters?" + query)
		wantPage(t, list, http.StatusOK, "1 to 1 of 1")
		wantHarmless(t, list.Body.String())
		if got := rows(t, list.Body.String()); !slices.Equal(got, []string{name + "=41"}) {
			t.Errorf("the list shows %q; want %q", got, name)
		}
		link := regexp.MustCompile(`href="(/admin/counter\?[^"]*)"`).FindStringSubmatch(list.Body.String())
		if target, err := url.Parse(unescape(link[1])); err != nil || target.Query().Get("name") != name {
			t.Errorf("the list links to %q for %q", link[1], name)
		}
		page := s.get("/admin/counter?" + query)
		wantPage(t, page, http.StatusOK, "<strong>41</strong>")
		wantHarmless(t, page.Body.String())
		asked := s.post("/admin/set", "name", name, "value", "42")
		wantPage(t, asked, http.StatusOK)
		wantHarmless(t, asked.Body.String())
		done := s.confirm(t, asked)
		if location, err := url.Parse(done.Header().Get("Location")); err != nil || location.Query().Get("name") != name || location.Host != "" {
			t.Errorf("%q: redirected to %v, %v", name, location, err)
		}
		s.wantValue(t, name, 42)
		wantHarmless(t, s.get("/admin/counters?prefix=nothing&after="+url.QueryEscape(name)).Body.String())
	}
	// The link to the next page, behind each name, leads to all that follow.
	var seen int
	for after := ""; ; {
		var page struct {
			Counters []struct{ Name string }
			Next     string
		}
		if err := json.Unmarshal(s.get("/admin/api/counters?limit=1&after="+url.QueryEscape(after)).Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		if seen += len(page.Counters); page.Next == "" {
			break
		}
		after = page.Next
	}
	if seen != len(names) {
		t.Errorf("%d counters listed of %d", seen, len(names))
	}
}

// What can't be seen in a name is written out beside it.
func TestHiddenCharactersAreWrittenOut(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:\u202etxt.exe": 1, `views:"quoted"`: 2, "views:e\u0301": 3})
	page := s.get("/admin/counters").Body.String()
	for _, want := range []string{`<code>\u202etxt.exe</code>`, `<code>e\u0301</code>`} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s: %s", want, page)
		}
	}
	if strings.Count(page, "written out") != 2 {
		t.Errorf("more is written out than has to be: %s", page)
	}
}

// A name can't end a line of the log, in either of its forms.
func TestHostileNamesInTheLog(t *testing.T) {
	s := newFilled(t, nil)
	for _, name := range hostileNames() {
		s.confirm(t, s.post("/admin/set", "name", name, "value", "1"))
	}
	config := zapcore.EncoderConfig{MessageKey: "msg"}
	for _, line := range s.logs.All() {
		for _, encoder := range []zapcore.Encoder{zapcore.NewJSONEncoder(config), zapcore.NewConsoleEncoder(config)} {
			text, err := encoder.EncodeEntry(line.Entry, line.Context)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Count(text.Bytes(), []byte("\n")) != 1 {
				t.Errorf("%q is more than a line", text)
			}
		}
	}
}

// Parameters that are not names are shown as they are or not at all.
func TestHostileParameters(t *testing.T) {
	s := newFilled(t, map[string]int64{"views:a": 1})
	for _, hostile := range []string{`"><script>alert(1)</script>`, "javascript:alert(1)", "{{.}}", "\x00", "\xff", "\r\nSet-Cookie: a=b"} {
		value := url.QueryEscape(hostile)
		for _, target := range []string{
			"/admin/counters?prefix=" + value, "/admin/counters?after=" + value, "/admin/counter?name=" + value,
			"/admin/counter?name=views:a&done=" + value, "/admin/export?format=" + value, "/admin/" + url.PathEscape(hostile),
		} {
			w := s.get(target)
			wantHarmless(t, w.Body.String())
			if w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s sets a cookie", target)
			}
		}
		wantHarmless(t, s.post("/admin/set", "name", "views:a", "value", hostile).Body.String())
		wantHarmless(t, s.post("/admin/set", "name", "views:a", "value", "5", "seen", hostile).Body.String())
	}
}

// Half a surrogate pair is refused beside what it would be replaced by, too, and what
// looks like one is not.
func TestImportOfHalfASurrogatePair(t *testing.T) {
	for name, refused := range map[string]bool{
		`views:\ud800`:                 true,
		`views:\ufffd\ud800`:           true,
		`views:\\ufffd\ud800`:          true,
		`views:` + "\ufffd" + `\udc00`: true,
		`views:\ud83d\ude00\ude00`:     true,
		`views:\ud800\\udc00`:          true,
		`views:\ufffd\ud83d\ude00`:     false,
		`views:\uFFFD\\ud800`:          false,
	} {
		s := newFilled(t, nil)
		status := http.StatusOK
		if refused {
			status = http.StatusUnprocessableEntity
		}
		s.send(t, "", "application/jsonl", `{"name":"`+name+`","value":1}`, status)
	}
}

// What is exported of no counters can be imported.
func TestImportOfNoCounters(t *testing.T) {
	s := newFilled(t, nil)
	for format, contentType := range map[string]string{"csv": csvType, "jsonl": "application/jsonl"} {
		s.send(t, "", contentType, s.get("/admin/api/export?format="+format).Body.String(), http.StatusOK)
	}
}
