package admin_test

import (
	"net/http"
	"testing"
)

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
