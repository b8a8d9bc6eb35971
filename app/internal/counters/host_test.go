package counters

import (
	"math/rand/v2"
	"testing"
)

// A plain host is one that the rules of IDNA leave alone.
func TestPlainHost(t *testing.T) {
	plain := 0
	for range 100_000 {
		host := make([]byte, 1+rand.IntN(8))
		if rand.IntN(100) == 0 {
			host = make([]byte, 60+rand.IntN(8))
		}
		for i := range host {
			host[i] = "abxn019-."[rand.IntN(9)]
		}
		if !isPlainHost(string(host)) {
			continue
		}
		plain++
		if got, err := lookUp(string(host)); err != nil || got != string(host) {
			t.Fatalf("%q is plain, but becomes %q, %v", host, got, err)
		}
	}
	if plain < 1000 {
		t.Errorf("only %d hosts were plain", plain)
	}
	for _, host := range []string{"example.com", "my-blog.example.org", "1.2.3.4", "localhost", "a.b.c"} {
		if !isPlainHost(host) {
			t.Errorf("%q is not plain", host)
		}
	}
}
