package embed_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"example.com/herokuapp/templates/embed"
)

// The scripts that stand in for others are as small as our own, and hold nothing of how they
// were made.
func TestDropIns(t *testing.T) {
	for name, script := range map[string][]byte{"themes": embed.Themes(), "goatcounter": embed.Goatcounter()} {
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
		for _, what := range []string{"ADDRESS", "DRESS", "\n ", "\n//", " // ", "sendBeacon", "cookie =", "setItem"} {
			if strings.Contains(string(script), what) {
				t.Errorf("%s holds %q", name, what)
			}
		}
	}
}
