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
	const unset = "const keep = [/*KEEP_QUERY*/]"
	if script := string(embed.Script(nil)); !strings.Contains(script, unset) {
		t.Errorf("lacks %q: %s", unset, script)
	}
	const want = `const keep = ["p","\u003c/script\u003e\"\\"]`
	if script := string(embed.Script([]string{"p", `</script>"\`})); !strings.Contains(script, want) || strings.Contains(script, "KEEP_QUERY") {
		t.Errorf("lacks %q: %s", want, script)
	}
}
