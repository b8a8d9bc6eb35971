package counterredis

import (
	"strings"
	"testing"

	counter "example.com/herokuapp/counter-core"
)

// Every name has a key of its own, from which the name can be told, and which
// neither begins with a brace nor holds one.
func FuzzKey(f *testing.F) {
	for _, name := range []string{"a", "{", "}", "{a}b", "%", "%7B", "%257B", "%%", "*", "名前", "views:/"} {
		f.Add("", name)
		f.Add("{p}%", name)
	}
	f.Fuzz(func(t *testing.T, prefix, name string) {
		if counter.CheckName(name) != nil {
			t.Skip()
		}
		store := New(nil, Options{Prefix: prefix})
		key := store.key(name)
		if strings.ContainsAny(key, "{}") {
			t.Errorf("key(%q) = %q", name, key)
		}
		if got, ok := store.name(key); !ok || got != name {
			t.Errorf("name(key(%q)) = %q, %t", name, got, ok)
		}
	})
}

func TestPlainNamesAreTheirKeys(t *testing.T) {
	for _, name := range []string{"counter_key", "views:/a-b?c=d", "名前"} {
		if got := New(nil, Options{}).key(name); got != name {
			t.Errorf("key(%q) = %q", name, got)
		}
	}
}
