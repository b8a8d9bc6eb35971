package counters_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/counters"
	counter "example.com/herokuapp/counter-core"
	countermemory "example.com/herokuapp/counter-memory"
)

// importCSV imports lines into the store.
func importCSV(t *testing.T, store counter.Store, limit int, action counters.Action, lines ...string) *counters.Report {
	t.Helper()
	file := "name,value\n" + strings.Join(lines, "\n")
	report, err := counters.New(store, limit, zap.NewNop()).
		Import(t.Context(), strings.NewReader(file), counters.ImportOptions{Action: action})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func wantValue(t *testing.T, store counter.Store, name string, want int64) {
	t.Helper()
	if got, err := store.Get(t.Context(), name); err != nil || got != want {
		t.Errorf("%s has the value %d, %v; want %d", name, got, err, want)
	}
}

// A file with more counters than the limit is imported up to it, and the report says why it
// ended, after which line, and what to do. Lines that are not counters don't count.
func TestImportLimit(t *testing.T) {
	for _, limit := range []int{1, 64, 100} {
		store := countermemory.New()
		var lines []string
		for n := range limit {
			lines = append(lines, fmt.Sprintf("views:/%d,1", n), "", "not a counter")
		}
		if report := importCSV(t, store, limit, counters.Set, lines...); report.Err != nil || report.Changed != limit || report.Refused != limit {
			t.Errorf("%d of %d: %+v", limit, limit, report)
		}
		report := importCSV(t, store, limit, counters.Add, append(lines, "views:/over,1", "views:/more,1")...)
		if !errors.Is(report.Err, counters.ErrLimit) || report.Changed != limit ||
			!strings.Contains(report.Stopped, fmt.Sprintf("more than %d counters", limit)) || !strings.Contains(report.Stopped, "raise IMPORT_LIMIT") ||
			!strings.Contains(report.Stopped, fmt.Sprintf("after line %d.", 3*limit+1)) {
			t.Errorf("%d of %d: %+v", limit+2, limit, report)
		}
		wantValue(t, store, "views:/0", 2)
		wantValue(t, store, "views:/over", 0)
	}
}

// If a name occurs several times, the outcome is as if the lines were carried out one by one,
// wherever they are.
func TestImportOfANameSeveralTimes(t *testing.T) {
	var lines []string
	for n := range 1000 {
		lines = append(lines, fmt.Sprintf("views:/a,%d", n+1))
		for m := range n % 5 {
			lines = append(lines, fmt.Sprintf("views:/%d/%d,1", n, m))
		}
	}
	store := countermemory.New()
	importCSV(t, store, 1e6, counters.Set, lines...)
	wantValue(t, store, "views:/a", 1000)
	importCSV(t, store, 1e6, counters.Add, lines...)
	wantValue(t, store, "views:/a", 1000+1000*1001/2)
}

// constant is a store in which each counter has the value 1.
type constant struct{ counter.Store }

func (constant) Get(context.Context, string) (int64, error) { return 1, nil }

// growing yields lines of CSV, and looks at the heap while it does.
type growing struct {
	left, line  int
	first, last uint64 // the heap when a tenth was read, and at the end
	rest        []byte
}

func (g *growing) Read(p []byte) (int, error) {
	if len(g.rest) == 0 {
		switch g.line {
		case 0:
			g.rest = []byte("name,value\n")
		case g.left / 10:
			g.first = heap()
		case g.left:
			g.last = heap()
			return 0, io.EOF
		}
		g.rest = fmt.Appendf(g.rest, "views:/a-page-with-a-name-of-some-length/%d,1\n", g.line)
		g.line++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// The memory of an import does not grow with the file.
func TestImportHoldsAFewLines(t *testing.T) {
	const lines = 100_000
	file := &growing{left: lines}
	report, err := counters.New(constant{}, lines, zap.NewNop()).Import(t.Context(), file, counters.ImportOptions{Action: counters.Set})
	if err != nil || report.Unchanged != lines {
		t.Fatalf("%+v, %v", report, err)
	}
	if file.last > file.first+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", file.first, file.last)
	}
}

// slow is a store that takes a second for each change.
type slow struct{ counter.Store }

func (s slow) Set(ctx context.Context, name string, value int64) error {
	time.Sleep(time.Second)
	return s.Store.Set(ctx, name, value)
}

// An import that is told to stop finishes what is on its way to the store and begins nothing
// else, and the report says after which line: all up to it are done, and none after it.
func TestImportThatIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := countermemory.New()
		var file strings.Builder
		file.WriteString("name,value\n")
		for n := range 1000 {
			fmt.Fprintf(&file, "views:/%d,1\n", n)
		}
		stop := make(chan struct{})
		time.AfterFunc(10500*time.Millisecond, func() { close(stop) })
		start := time.Now()
		report, err := counters.New(slow{store}, 1000, zap.NewNop()).
			Import(t.Context(), strings.NewReader(file.String()), counters.ImportOptions{Action: counters.Set, Stop: stop})
		if err != nil || !errors.Is(report.Err, counters.ErrStopping) || report.Refused != 0 {
			t.Fatalf("%+v, %v", report, err)
		}
		if took := time.Since(start); took != 11*time.Second {
			t.Errorf("it ended after %s; want 11s, when the rows on their way were done", took)
		}
		if want := fmt.Sprintf("after line %d.", report.Changed+1); !strings.Contains(report.Stopped, want) {
			t.Errorf("%q; want %q", report.Stopped, want)
		}
		wantValue(t, store, fmt.Sprintf("views:/%d", report.Changed-1), 1)
		wantValue(t, store, fmt.Sprintf("views:/%d", report.Changed), 0)
	})
}

func TestParseSettingIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		`{"value": 41}`: "", ` {"\u0076alue":0} `: "",
		``: "not a JSON object", `null`: "not a JSON object", `41`: "not a JSON object", `[1]`: "not a JSON object", `{"value":1`: "not a JSON object",
		`{}`: "no member", `{"VALUE":1}`: "unknown member", `{"value":1,"x":1}`: "unknown member", `{"value":1,"value":1}`: "twice",
		`{"value":1,"\u0076alue":2}`: "twice", `{"value":1}{}`: "follows", `{"value":1}x`: "follows",
		`{"value":null}`: "not a whole number", `{"value":"1"}`: "not a whole number", `{"value":1.0}`: "not a whole number", `{"value":[1]}`: "not a whole number",
		`{"value":-0}`: "not a whole number", `{"value":9223372036854775808}`: "not a whole number", "{\"value\":1,\"\xff\":1}": "UTF-8",
	} {
		_, err := counters.ParseSetting([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}
