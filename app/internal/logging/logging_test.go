package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/logging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output is what a log writes to. It can stall, and fail.
type output struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
	fails  error
	short  int           // how many bytes a write that fails takes
	stall  chan struct{} // a write waits until it is closed; nil: does not
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	stall := o.stall
	o.mu.Unlock()
	if stall != nil {
		<-stall
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writes++
	if o.fails != nil {
		o.text.Write(text[:o.short])
		return o.short, o.fails
	}
	return o.text.Write(text)
}

func (o *output) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// line is what a line of the log says.
type line struct {
	Level, Msg, Field          string
	Requests, Other, Unwritten int
}

func (o *output) lines(t *testing.T) []line {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	var lines []line
	for text := range strings.Lines(o.text.String()) {
		var read line
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		lines = append(lines, read)
	}
	return lines
}

// A line is written at once when all is quiet; those that come during a write, or right
// after it, go out in one.
func TestLinesAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &output{}
		log := logging.New(out, false)
		start := time.Now()
		log.Logger.Info("first")
		synctest.Wait()
		if lines := out.lines(t); len(lines) != 1 || lines[0].Msg != "first" || time.Since(start) > 0 {
			t.Errorf("%v after %v; want the first line at once", lines, time.Since(start))
		}
		for range 100 {
			log.Logger.Info("more")
		}
		time.Sleep(10 * time.Millisecond)
		if lines := out.lines(t); len(lines) != 101 || out.writes != 2 {
			t.Errorf("%d lines in %d writes; want 101 in 2", len(lines), out.writes)
		}
		wantClosed(t, log)
	})
}

// While the output stalls nobody waits. Droppable lines are dropped first, each that is lost is
// counted, and how many they were is logged when there is room again.
func TestOutputStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &output{stall: make(chan struct{})}
		log := logging.New(out, false)
		access := logging.Droppable(log.Logger)
		text := strings.Repeat("x", 1000)
		log.Logger.Info("stuck")
		synctest.Wait()
		const requests, others = 2000, 3000 // two megabytes, and three
		for range requests {
			access.Info("request", zap.String("field", text))
		}
		for range others {
			log.Logger.Info("other", zap.String("field", text))
		}
		close(out.stall)
		time.Sleep(time.Second)
		log.Logger.Info("after")
		wantClosed(t, log)

		count := map[string]int{}
		var lost line
		lines := out.lines(t)
		for _, l := range lines {
			count[l.Msg]++
			if l.Level == "warn" {
				lost = l
			}
		}
		if count["request"] == 0 || count["request"]+lost.Requests != requests || count["other"] == 0 || count["other"]+lost.Other != others {
			t.Errorf("%v are logged, and %+v; want %d and %d in all", count, lost, requests, others)
		}
		if lost.Requests == 0 || lost.Other == 0 || lines[len(lines)-1].Msg != "after" {
			t.Errorf("%+v; want some lost of each, and the last line last", lost)
		}
		if total := logging.LostLines(access); total != (logging.Lost{Requests: lost.Requests, Other: lost.Other}) {
			t.Errorf("LostLines: %+v; want what is logged: %+v", total, lost)
		}
		if size := out.text.Len(); size > 3<<20 {
			t.Errorf("%d bytes were kept", size)
		}
	})
}

// What is being written is not overwritten by what comes next, after nothing was written, too.
func TestBatchesAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &output{}
		log := logging.New(out, false)
		log.Print("a\n")
		time.Sleep(time.Second)
		log.Print("")
		time.Sleep(time.Second)
		out.set(func() { out.stall = make(chan struct{}) })
		log.Print("b\n")
		synctest.Wait()
		log.Print("c\n")
		close(out.stall)
		wantClosed(t, log)
		if got, want := out.text.String(), "a\nb\nc\n"; got != want {
			t.Errorf("%q; want %q", got, want)
		}
	})
}

// Lines come out whole, once each, and each goroutine's in their order.
func TestConcurrentLines(t *testing.T) {
	const loggers, each = 8, 2000
	out := &output{}
	log := logging.New(out, false)
	var wg sync.WaitGroup
	for logger := range loggers {
		wg.Go(func() {
			for n := range each {
				log.Logger.Info("line", zap.Int("requests", logger), zap.Int("other", n))
				if n%100 == 0 {
					time.Sleep(time.Millisecond) // lets the writer fall idle
				}
			}
		})
	}
	wg.Wait()
	wantClosed(t, log)
	var next [loggers]int
	for _, l := range out.lines(t) {
		if l.Other != next[l.Requests] {
			t.Fatalf("logger %d: line %d; want %d", l.Requests, l.Other, next[l.Requests])
		}
		next[l.Requests]++
	}
	for logger, got := range next {
		if got != each {
			t.Errorf("logger %d: %d lines; want %d", logger, got, each)
		}
	}
}

// A write that fails costs its lines, which are counted, and no others. A line that was cut
// off does not spoil the next.
func TestOutputFails(t *testing.T) {
	for _, short := range []int{0, 10} {
		synctest.Test(t, func(t *testing.T) {
			out := &output{fails: errors.New("full"), short: short}
			log := logging.New(out, false)
			for range 3 {
				log.Logger.Info("lost")
				time.Sleep(time.Second)
			}
			out.set(func() { out.fails = nil })
			log.Logger.Info("after")
			time.Sleep(time.Second)
			wantClosed(t, log)
			out.text.Next(3 * short) // three pieces
			var rest []string
			for text := range strings.Lines(out.text.String()) {
				if text != "\n" {
					rest = append(rest, text)
				}
			}
			if len(rest) != 2 || !strings.Contains(rest[0], `"msg":"after"`) || !strings.Contains(rest[1], `"unwritten":3`) {
				t.Errorf("%d bytes taken: %q; want the line after, and that 3 were lost", short, rest)
			}
		})
	}
}

// Close writes all there is, but waits no longer than it may, and a line that comes after it
// does no harm.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &output{}
		log := logging.New(out, false)
		log.Logger.Info("a")
		log.Print("b\n")
		wantClosed(t, log)
		if text := out.text.String(); !strings.HasSuffix(text, "}\nb\n") {
			t.Errorf("%q", text)
		}
		log.Logger.Info("c")
		log.Print("d\n")

		stalled := &output{stall: make(chan struct{})}
		log = logging.New(stalled, false)
		log.Logger.Info("a")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		if err := log.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		close(stalled.stall)
	})
}

// Escapes take no more room than plain text.
func TestEscapesAreBounded(t *testing.T) {
	for _, text := range []string{"\x00", "\x1b", "\xff", `"`, `\`, "\n", "a", "日", "\U0001f600", "\u2028", "\ufffd", "\x7f", "\u009b", "\u202e", "\U000e0001"} {
		out := &output{}
		log := logging.New(out, false)
		log.Logger.Info("m", zap.String("field", strings.Repeat(text, 9000)), zap.NamedError("other", errors.New(strings.Repeat(text, 9000))))
		wantClosed(t, log)
		if n := out.text.Len(); n < 2*1000 || n > 2*1024+100 {
			t.Errorf("%q: a line of %d bytes", text, n)
		}
	}
}

// Nothing in a line can move the cursor of a terminal, turn the text round or look like another
// line. In JSON, the text stays what it was.
func TestTerminalsHaveNothingToObey(t *testing.T) {
	const text = "a\x1b[2J\u009b31m\x7f\u2028\u202e\u2066\u200b\ufeff\U000e0001\r\b" + "ü日\U0001f600"
	for _, debug := range []bool{false, true} {
		out := &output{}
		log := logging.New(out, debug)
		log.Logger.Info(text, zap.String("field", text))
		log.Logger.With(zap.NamedError("field", errors.New(text))).Info(text)
		log.Print("app: " + text + "\x9b\n")
		wantClosed(t, log)
		written := out.text.String()
		for _, r := range written {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
				t.Errorf("debug %t: %q holds %q", debug, written, r)
			}
		}
		if n := strings.Count(written, "\n"); n != 3 || !strings.Contains(written, "ü日\U0001f600") {
			t.Errorf("debug %t: %d lines: %s; want 3, with what can be printed as it is", debug, n, written)
		}
		if debug {
			continue
		}
		out.text.Truncate(strings.Index(written, "app: "))
		for _, l := range out.lines(t) {
			if l.Msg != text || l.Field != text {
				t.Errorf("%q, %q; want %q", l.Msg, l.Field, text)
			}
		}
	}
}

// What strangers choose is cut, to valid text.
func TestFieldsAreBounded(t *testing.T) {
	out := &output{}
	log := logging.New(out, false)
	for _, text := range []string{strings.Repeat("a", 1024), strings.Repeat("a", 1025), strings.Repeat("日", 9000), strings.Repeat("\x80", 9000)} {
		log.Logger.Info("text", zap.String("field", text))
		log.Logger.Info("error", zap.NamedError("field", errors.New(text)))
		log.Logger.With(zap.String("field", text)).Info("with")
	}
	log.Logger.Info(strings.Repeat("m", 1<<20), zap.ByteString("field", bytes.Repeat([]byte("s"), 1<<20)))
	wantClosed(t, log)
	lines := out.lines(t)
	if len(lines) != 13 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, l := range lines {
		least, most := 1020, 1024
		switch {
		case i == 12:
			most = 16 << 10
		case i >= 9: // the log has six bytes for each that is not valid, and three come back
			least = 510
		}
		if len(l.Field) > most || len(l.Field) < least || len(l.Msg) > most || !utf8.ValidString(l.Field) {
			t.Errorf("line %d: a message of %d bytes, a field of %d, %.20q", i, len(l.Msg), len(l.Field), l.Field)
		}
		if cut := strings.HasSuffix(l.Field, "…"); cut != (i >= 3) {
			t.Errorf("line %d: cut: %t", i, cut)
		}
	}
	if lines[6].Field != strings.Repeat("日", 340)+"…" {
		t.Errorf("%q", lines[6].Field)
	}
}

func TestDebugIsText(t *testing.T) {
	out := &output{}
	log := logging.New(out, true)
	log.Logger.Debug("hello", zap.Int("n", 1))
	wantClosed(t, log)
	if text := out.text.String(); !strings.Contains(text, "DEBUG\thello\t") {
		t.Errorf("%q", text)
	}
}

// A line costs no allocation of its own: each request writes one. The race detector empties
// pools at random, which costs one.
func TestLinesDoNotAllocate(t *testing.T) {
	log := logging.New(&output{}, false)
	fields := []zap.Field{zap.String("path", "/"), zap.Int("status", 200), zap.Duration("duration", time.Second)}
	allocs := testing.AllocsPerRun(1000, func() { log.Logger.Info("request", fields...) })
	wantClosed(t, log)
	if allocs > 1 {
		t.Errorf("%v allocations a line", allocs)
	}
}

func wantClosed(t *testing.T, log *logging.Log) {
	t.Helper()
	if err := log.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
