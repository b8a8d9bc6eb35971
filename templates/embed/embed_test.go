package embed_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"example.com/herokuapp/templates/embed"
)

// The scripts are small, and contain nothing of how they were made.
func TestScripts(t *testing.T) {
	for name, script := range map[string][]byte{
		"embed": embed.Script([]string{"p", "page_id"}), "themes": embed.Themes(), "goatcounter": embed.Goatcounter(),
	} {
		var compressed bytes.Buffer
		w := gzip.NewWriter(&compressed)
		if _, err := w.Write(script); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if compressed.Len() > 2000 {
			t.Errorf("%s: %d bytes gzipped; want 2,000 at most", name, compressed.Len())
		}
		if !strings.HasPrefix(string(script), "/* Counts the views of the page it is on") {
			t.Errorf("%s begins with %.80s", name, script)
		}
		for _, what := range []string{"ADDRESS", "DRESS", "\n ", "\n//", " // ", "\n\n", "sendBeacon", "cookie =", "setItem"} {
			if strings.Contains(string(script), what) && (name != "embed" || what != "setItem") { // the owner's browser keeps that it does not count
				t.Errorf("%s holds %q", name, what)
			}
		}
	}
}

func TestScriptKnowsTheQueryThatIsKept(t *testing.T) {
	for want, keep := range map[string][]string{
		"const keep = []\n":                            nil,
		`const keep = ["p","\u003c/script\u003e\"\\"]`: {"p", `</script>"\`},
	} {
		if script := string(embed.Script(keep)); !strings.Contains(script, want) || strings.Contains(script, "KEEP_QUERY") {
			t.Errorf("lacks %q: %s", want, script)
		}
	}
}
