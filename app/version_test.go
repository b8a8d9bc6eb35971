package main

import (
	"io"
	"runtime"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	nothing := func(string) string { return "" }
	for _, test := range []struct {
		args   []string
		status int
		out    []string
	}{
		{[]string{"-version"}, 0, []string{"app ", ", revision ", runtime.Version(), runtime.GOARCH}},
		{[]string{"--version"}, 0, []string{"app "}},
		{[]string{"version"}, 2, nil},
		{[]string{"-version", "-v"}, 2, nil},
		{[]string{""}, 2, nil},
	} {
		var out, err strings.Builder
		if status := tell(test.args, nothing, &out, &err); status != test.status {
			t.Errorf("%q: exit status %d", test.args, status)
		}
		for _, part := range test.out {
			if !strings.Contains(out.String(), part) || strings.Count(out.String(), "\n") != 1 {
				t.Errorf("%q: %q; want one line with %q", test.args, &out, part)
			}
		}
		if test.status == 2 && (out.String() != "" || !strings.Contains(err.String(), "-version")) {
			t.Errorf("%q: %q and the error %q", test.args, &out, &err)
		}
	}
}

// A version that nobody gets, because the disk is full, is a failure.
func TestVersionNotWritten(t *testing.T) {
	t.Parallel()
	closed, out := io.Pipe()
	_ = closed.Close()
	var err strings.Builder
	if status := tell([]string{"-version"}, func(string) string { return "" }, out, &err); status != 1 || !strings.Contains(err.String(), io.ErrClosedPipe.Error()) {
		t.Errorf("exit status %d and the error %q; want 1 with %q", status, &err, io.ErrClosedPipe)
	}
}
