package countertest

import (
	"strings"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// hardNames returns good names that a backend could take for something else: globs,
// hash tags, escapes, separators and text beyond ASCII.
func hardNames() []string {
	return []string{
		"a", "A", "*", "?", "[a]", "[^a]", "[a-z]", `\`, `\*`, `a\`, "a*b",
		"{", "}", "{}", "{a}", "{a}b", "}{", "a{b}c", "%", "%7B", "%7b", "%25", "100%",
		" ", " a", "a ", "a b", "views:/", "views:/a?b=c&d=e#f", "..", "../a", "a/b", ":", "::",
		"'", `"`, "`", "$1", "--", "<script>", ";", "null", "0", "-1", "True",
		"ä", "a\u0308", "名前", "🙂", "\u200b", "\ufeff", "\u202e",
		strings.Repeat("x", counter.MaxNameLen-1),
	}
}

func testNames(t *testing.T, store counter.Store) {
	want := map[string]int64{}
	for i, name := range hardNames() {
		value := int64(i + 1)
		wantGet(t, store, name, 0)
		wantAdd(t, store, name, value, value)
		want[name] = value
	}
	for name, value := range want {
		wantGet(t, store, name, value)
	}
	wantList(t, store, "", want)
	for name := range want {
		set(t, store, name, 0)
	}
	wantList(t, store, "", map[string]int64{})
}

func testBadNames(t *testing.T, store counter.Store) {
	for _, name := range []string{
		"", strings.Repeat("x", counter.MaxNameLen+1), "\xff", "a\xc3", "\x00", "a\nb", "\x7f", "\u0085",
	} {
		for method, call := range calls(store) {
			wantErr(t, method+" of a bad name", call(t.Context(), name), counter.ErrName)
		}
	}
	wantList(t, store, "", map[string]int64{})
	wantAdd(t, store, strings.Repeat("x", counter.MaxNameLen), 1, 1)
}
