package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// All is built, started and measured, each once and for a second.
func TestRun(t *testing.T) {
	needPrograms(t)
	out := filepath.Join(t.TempDir(), "performance.md")
	err := run(t.Context(), "../..", []string{"-rounds", "1", "-seconds", "1", "-only", "bare,redis,totals,library", "-out", out}, io.Discard, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	// Each figure that is not Redis's, and the ratio to bare, is there and above zero.
	const figure = `0*\.?0*[1-9][0-9.]* +`
	for pattern, times := range map[string]int{
		`(?m)^\| bare +\| ` + figure + `\| 1.00 +\| +\| ` + figure + `\| 1.00 `:                           len(loads()),
		`(?m)^\| redis +\| ` + figure + `\| ` + figure + `\| +\| ` + figure + `\| .*\| ` + figure + `\|$`: len(loads()),
		`(?m)^\| library +\| ` + figure + `\| ` + figure + `\| ` + figure:                                 1,
		`(?m)^\| history +\| ` + figure + `\| ` + figure + `\| ` + figure:                                 1,
		`(?m)^\| 64 visitors at a time \| ` + figure + `\| ` + figure + `\| ` + figure:                    1,
	} {
		if found := regexp.MustCompile(pattern).FindAll(text, -1); len(found) != times {
			t.Errorf("%d rows match %s; want %d in\n%s", len(found), pattern, times, text)
		}
	}
}

// needPrograms skips the test where its programs are not installed, but not in CI.
func needPrograms(t *testing.T) {
	t.Helper()
	for _, program := range []string{"wrk", "redis-server"} {
		if _, err := exec.LookPath(program); err != nil && os.Getenv("CI") != "true" {
			t.Skip(err, ": make deps installs it")
		}
	}
}

func TestParseWrk(t *testing.T) {
	const good = `Running 4s test @ http://127.0.0.1:8000/
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.38ms    1.50ms  25.26ms   86.79%
    Req/Sec    30.04k     2.93k   40.36k    71.25%
  Latency Distribution
     50%  780.00us
     75%    1.99ms
     90%    3.36ms
     99%    1.02s
  240047 requests in 4.02s, 174.43MB read
Requests/sec:  59716.31
Transfer/sec:     43.39MB
`
	got, err := parseWrk(good)
	if want := (wrkResult{240047, 59716.31, 780 * time.Microsecond, 1020 * time.Millisecond}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for name, text := range map[string]string{
		"refused": good + "  Non-2xx or 3xx responses: 12\n",
		"errors":  good + "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
		"nothing": "unable to connect\n",
	} {
		if _, err := parseWrk(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A ratio is of figures of the same round, and a figure is a median: one bad round
// changes neither.
func TestTable(t *testing.T) {
	views := func(all ...float64) (samples []sample) {
		for _, v := range all {
			samples = append(samples, sample{views: v})
		}
		return samples
	}
	got := table(columns()[:1], []string{bare, incr, "redis"}, map[string][]sample{
		bare: views(100, 10, 200), "redis": views(50, 5, 160),
	})
	want := `
|       | views/s ↑ | of bare | of incr |
| ---   | ---       | ---     | ---     |
| bare  | 100       | 1.00    |         |
| redis | 50        | 0.50    |         |
`[1:]
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median of 1 to 4: %v", got)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range []string{"-rounds 0", "-seconds -1", "more", "-only nothing"} {
		if err := run(t.Context(), "../..", strings.Fields(args), io.Discard, t.Output()); err == nil {
			t.Errorf("%s: no error", args)
		}
	}
	if _, err := cpuTime("0"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("processor time of no process: %v", err)
	}
}
