package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/counter-core/coalesce"
)

// observer logs what happens to additions that no visitor waits for, and notes counters that go back.
func observer(log *zap.Logger, gone *fallen) func(coalesce.Event) {
	return func(event coalesce.Event) {
		kind := zap.Stringer("event", event.Kind) // for programs such as tools/faults, because messages may change
		fields := []zap.Field{kind, zap.String("counter", event.Name), zap.Int64("additions", event.Additions), zap.Error(event.Err)}
		switch event.Kind {
		case coalesce.Failing:
			log.Warn("the store fails; views are kept until it answers", kind, zap.Error(event.Err))
		case coalesce.Recovered:
			log.Info("the store answers again; what was kept is counted", kind)
		case coalesce.Healed:
			log.Warn("the store had lost additions; they are counted again", fields...)
		case coalesce.Refused:
			log.Error("the store refused additions that were kept", fields...)
		case coalesce.GivenUp:
			log.Error("additions are given up: nobody can tell whether they were counted", fields...)
		case coalesce.Fell:
			log.Warn("a counter has gone back: something else has set, moved or removed it, or the store has lost what it had", fields...)
			gone.note(event.Name, time.Now())
		}
	}
}

// clientLogger logs what go-redis would print to stderr, for developers only: whatever
// matters is also returned as an error. It cuts each line before "with args", because a
// server that does not know AUTH, such as an old Sentinel, repeats the password there.
type clientLogger struct{ log *zap.Logger }

// Printf implements go-redis's logging interface.
func (l clientLogger) Printf(_ context.Context, format string, args ...any) {
	if entry := l.log.Check(zap.DebugLevel, ""); entry != nil {
		entry.Message, _, _ = strings.Cut(fmt.Sprintf(format, args...), ", with args")
		entry.Write()
	}
}
