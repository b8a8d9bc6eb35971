package embed_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"example.com/herokuapp/templates/embed"
)

// The script is small enough to be no burden on anybody's page.
func TestScriptIsSmall(t *testing.T) {
	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(embed.Script([]string{"p", "page_id"})); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if compressed.Len() > 2000 {
		t.Errorf("%d bytes gzipped; want 2,000 at most", compressed.Len())
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

// Readers download neither indentation nor comments, but for what the script is.
func TestScriptIsStripped(t *testing.T) {
	script := string(embed.Script(nil))
	if !strings.HasPrefix(script, "/* Counts the views of the page it is on") {
		t.Errorf("begins with %.80s", script)
	}
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "//") || strings.Contains(line, " // ") || line == "\n" {
			t.Errorf("holds %q", line)
		}
	}
}
