package store

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	zaptest "go.uber.org/zap/zaptest/observer"

	"example.com/herokuapp/counter-core/coalesce"
)

func TestClientLoggerHidesPasswords(t *testing.T) {
	core, logs := zaptest.New(zapcore.DebugLevel)
	logger := clientLogger{zap.New(core)}
	logger.Printf(t.Context(), "sentinel: failed: %s", errors.New("ERR unknown command `AUTH`, with args beginning with: `s3cret`, "))
	logger.Printf(t.Context(), "other")
	const want = "sentinel: failed: ERR unknown command `AUTH`"
	if got := logs.All(); len(got) != 2 || got[0].Message != want || got[1].Message != "other" {
		t.Errorf("%+v; want %q and then another", got, want)
	}
}

// Programs, such as tools/faults, go by the field: messages may be reworded.
func TestEventsAreNamed(t *testing.T) {
	core, logs := zaptest.New(zapcore.InfoLevel)
	observe := observer(zap.New(core), new(fallen))
	for kind, want := range map[coalesce.Kind]string{
		coalesce.Failing: "failing", coalesce.Recovered: "recovered", coalesce.Healed: "healed",
		coalesce.Refused: "refused", coalesce.GivenUp: "given_up", coalesce.Fell: "fell",
	} {
		observe(coalesce.Event{Kind: kind, Name: "a", Additions: 3, Err: errors.New("down")})
		got := logs.TakeAll()
		if len(got) != 1 || got[0].ContextMap()["event"] != want {
			t.Errorf("%v is logged as %+v; want one line with the event %q", kind, got, want)
		}
	}
}

// A counter that has gone back is shown for an hour, and only a few of them.
func TestFallen(t *testing.T) {
	var gone fallen
	start := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	gone.note("old", start.Add(-fallenFor/2))
	for i := range 100 {
		gone.note(strconv.Itoa(i), start)
	}
	if got := gone.warnings(start); len(got) != maxFallen+1 || !strings.Contains(got[0], `"0" has gone back`) || !strings.Contains(got[maxFallen], "more counters") {
		t.Errorf("%q; want %d counters, and that there are more", got, maxFallen)
	}
	if got := gone.warnings(start.Add(fallenFor)); len(got) != maxFallen {
		t.Errorf("after an hour %q; want what is not older", got)
	}
	if got := gone.warnings(start.Add(fallenFor + 1)); len(got) != 0 {
		t.Errorf("after more than an hour %q", got)
	}
}
