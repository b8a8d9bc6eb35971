package main

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRun(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want string // what is printed after what was read
	}{
		{
			name: "siblings",
			in: "goos: linux\npkg: example.com/a\n" +
				"BenchmarkAdd/hot/baseline-2 \t 100\t 50.00 ns/op\t 0 B/op\n" +
				"BenchmarkAdd/hot/store-2 \t 100\t 20.00 ns/op\t 0 B/op\n" +
				"BenchmarkAdd/many/store-2 \t 100\t 30.00 ns/op\t 0 B/op\n" +
				"BenchmarkAdd/many/baseline-2 \t 100\t 15.00 ns/op\t 0 B/op\n" +
				"BenchmarkGet-2 \t 100\t 15.00 ns/op\n" +
				"PASS\nok  \texample.com/a\t1.2s\n",
			want: `
benchmark                  ns/op  baseline  ratio
BenchmarkAdd/hot/store-2   20     50        2.50x
BenchmarkAdd/many/store-2  30     15        0.50x
`,
		},
		{
			name: "the same names in two packages",
			in: "pkg: a\nBenchmarkAdd/baseline-2 1 10 ns/op\nBenchmarkAdd/x-2 1 5 ns/op\n" +
				"pkg: b\nBenchmarkAdd/x-2 1 5 ns/op\nBenchmarkAdd/baseline-2 1 20 ns/op\n" +
				"pkg: c\nBenchmarkAdd/x-2 1 5 ns/op\n",
			want: `
benchmark         ns/op  baseline  ratio
BenchmarkAdd/x-2  5      10        2.00x
BenchmarkAdd/x-2  5      20        4.00x
`,
		},
		{
			name: "one processor",
			in:   "BenchmarkAdd/baseline 1 10 ns/op\nBenchmarkAdd/goroutines-64 1 5 ns/op\n",
			want: `
benchmark                   ns/op  baseline  ratio
BenchmarkAdd/goroutines-64  5      10        2.00x
`,
		},
		{
			name: "several numbers of processors",
			in: "BenchmarkAdd/baseline 1 10 ns/op\nBenchmarkAdd/baseline-2 1 30 ns/op\n" +
				"BenchmarkAdd/x 1 5 ns/op\nBenchmarkAdd/x-2 1 5 ns/op\n",
			want: `
benchmark         ns/op  baseline  ratio
BenchmarkAdd/x    5      10        2.00x
BenchmarkAdd/x-2  5      30        6.00x
`,
		},
		{
			name: "the median of several runs",
			in: "BenchmarkAdd/baseline-2 1 10 ns/op\nBenchmarkAdd/baseline-2 1 90 ns/op\nBenchmarkAdd/baseline-2 1 20 ns/op\n" +
				"BenchmarkAdd/x-2 1 5 ns/op\nBenchmarkAdd/x-2 1 15 ns/op\n",
			want: `
benchmark         ns/op  baseline  ratio
BenchmarkAdd/x-2  10     20        2.00x
`,
		},
		{
			name: "a metric before ns/op",
			in:   "BenchmarkAdd/baseline-2 1 10 views/s 40 ns/op\nBenchmarkAdd/x-2 1 7 views/s 10 ns/op\n",
			want: `
benchmark         ns/op  baseline  ratio
BenchmarkAdd/x-2  10     40        4.00x
`,
		},
		{
			name: "no baseline",
			in:   "BenchmarkAdd/x-2 1 5 ns/op\nBenchmarkAdd-2 1 5 ns/op\n",
		},
		{
			name: "a baseline that is a parent's or a child's",
			in:   "BenchmarkAdd/baseline/x-2 1 5 ns/op\nBenchmarkAdd/y-2 1 5 ns/op\nBenchmarkAdd/y/z-2 1 5 ns/op\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if err := run(strings.NewReader(tt.in), &out); err != nil {
				t.Fatal(err)
			}
			got, ok := strings.CutPrefix(out.String(), tt.in)
			if !ok {
				t.Errorf("does not begin with what was read:\n%s", out.String())
			}
			if got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestRunErrors(t *testing.T) {
	broken := errors.New("broken")
	const result = "BenchmarkAdd-2 1 5 ns/op\n"
	tests := []struct {
		name string
		in   string
		want string
	}{
		{"nothing", "", "no benchmark ran"},
		{"no benchmark", "PASS\nok  \ta\t1s\n", "no benchmark ran"},
		{"no result", "BenchmarkAdd-2\nBenchmarkGet-2 1 x ns/op\n", "no benchmark ran"},
		{"a failure", result + "--- FAIL: BenchmarkGet-2\nFAIL\n", "go test failed"},
		{"a build that failed", result + "FAIL\ta [build failed]\n", "go test failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			err := run(strings.NewReader(tt.in), &out)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %q", err, tt.want)
			}
			if out.String() != tt.in {
				t.Errorf("printed %q, want %q", out.String(), tt.in)
			}
		})
	}
	t.Run("a read error", func(t *testing.T) {
		if err := run(iotest.ErrReader(broken), &strings.Builder{}); !errors.Is(err, broken) {
			t.Errorf("got error %v, want %v", err, broken)
		}
	})
}
