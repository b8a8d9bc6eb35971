package admin_test

import (
	"net/http"
	"strings"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// Any name there can be comes back from an export as it was, and does no harm to a page.
func FuzzNames(f *testing.F) {
	for _, name := range hostileNames() {
		f.Add(strings.TrimPrefix(name, "views:"), int64(41))
	}
	f.Fuzz(func(t *testing.T, path string, value int64) {
		name := "views:" + path
		if counter.CheckName(name) != nil || value < 1 {
			return // there can be no such counter
		}
		from := newFilled(t, map[string]int64{name: value})
		if page := from.get("/admin/counters").Body.String(); strings.Count(page, "<") != strings.Count(page, ">") {
			t.Errorf("not escaped: %s", page)
		}
		for format, contentType := range map[string]string{"csv": csvType, "jsonl": linesType} {
			to := newFilled(t, nil)
			to.send(t, "", contentType, from.get("/admin/export?format="+format).Body.String(), http.StatusOK)
			to.wantValue(t, name, value)
		}
	})
}

// Whatever is imported, each line is accounted for, and nothing but the app's counters change.
func FuzzImport(f *testing.F) {
	for _, body := range []string{"name,value\nviews:/a,1\n", "\ufeffname,value\r\n\"views:/\"\"a\",2", `{"name":"views:/a","value":1}`, "name,value\n\"\n,\n=1,1", "{\n{}\n"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := newFilled(t, map[string]int64{"session:1": 5})
		for _, contentType := range []string{csvType, linesType} {
			w := s.do(http.MethodPost, "/admin/api/import", contentType, strings.NewReader(body))
			if w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		s.wantValue(t, "session:1", 5)
		for entry, err := range s.store.List(t.Context(), "") {
			if err != nil || entry.Value < 0 || entry.Name != "session:1" && entry.Name != "counter_key" && !strings.HasPrefix(entry.Name, "views:") {
				t.Errorf("%+v, %v", entry, err)
			}
		}
	})
}
