//go:build unix

package counterredis_test

import (
	"io"
	"os"
	"testing"

	"example.com/herokuapp/counter-redis/redistest"
)

// The examples that need a server have no Output, because go test could not give
// them one: here each has one of its own.
func TestExamples(t *testing.T) {
	for _, test := range []struct {
		name    string
		example func()
		want    string
	}{
		{"Example", Example, "1 <nil>\n"},
		{"ExampleOpen", ExampleOpen, "This page was viewed 1 times.\n"},
		{"ExampleNew", ExampleNew, "1 <nil>\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("REDIS_URL", redistest.Start(t).URL())
			if got := printed(t, test.example); got != test.want {
				t.Errorf("it prints %q; want %q", got, test.want)
			}
		})
	}
}

// printed returns what f, which prints little, writes to the standard output.
func printed(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stdout := os.Stdout
	os.Stdout = w
	f()
	os.Stdout = stdout
	w.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
