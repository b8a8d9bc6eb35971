package counterredis

import (
	"strings"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// Names come back from their keys, keys from their names, and no key holds a brace.
func FuzzKeyspace(f *testing.F) {
	for _, text := range []string{
		"", "views:/", "{a}", "}{", "%", "%7B", "%7b", "%257B", "%2", "%25", "%%7D", "%{", "a{b}c%", "名前",
		"\xff", "a\nb", strings.Repeat("%", counter.MaxNameLen), strings.Repeat("x", counter.MaxNameLen+1),
	} {
		f.Add("", text)
		f.Add("{p}%", text)
	}
	f.Fuzz(func(t *testing.T, prefix, text string) {
		keys := &Store{prefix: prefix}

		key := keys.key(text)
		if strings.ContainsAny(key, "{}") {
			t.Errorf("the key of %q is %q, which holds a brace", text, key)
		}
		name, ok := keys.name(key)
		if good := counter.CheckName(text) == nil; ok != good || ok && name != text {
			t.Errorf("the key of %q is that of %q, %t; want %t", text, name, ok, good)
		}

		if name, ok := keys.name(text); ok && keys.key(name) != text {
			t.Errorf("the key %q is that of %q, whose key is %q", text, name, keys.key(name))
		}
	})
}

func TestForeignKeys(t *testing.T) {
	keys := &Store{prefix: "{p}"}
	for _, key := range []string{
		"", "a", "{p}a", "%7bp%7da", "%7Bp%7D", "%7Bp%7Da{", "%7Bp%7Da%", "%7Bp%7Da%41", "%7Bp%7D%7b",
		"%7Bp%7Da\x01", "%7Bp%7Da\xff", "%7Bp%7D" + strings.Repeat("x", counter.MaxNameLen+1),
	} {
		if name, ok := keys.name(key); ok {
			t.Errorf("the key %q is taken for that of the counter %q", key, name)
		}
	}
}
