// Package logging writes the program's log without ever making a request wait: an
// output that is slow, stalls or fails costs lines of the log, and nothing else.
package logging

import (
	"context"
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Log is the program's log. Close it, or its last lines may be missing.
type Log struct {
	// Logger writes to the log. A line waits in memory until it is written, a few
	// milliseconds if the output takes it. When a megabyte waits, lines of [Droppable]
	// loggers are dropped, and when two wait, all are. How many is logged once there is room.
	Logger *zap.Logger

	queue *queue
}

// New returns a log that writes to out: lines of JSON, or text for developers.
func New(out io.Writer, debug bool) *Log {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	c := &core{LevelEnabler: zap.InfoLevel, encoder: zapcore.NewJSONEncoder(cfg)}
	if debug {
		c = &core{LevelEnabler: zap.DebugLevel, encoder: zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())}
	}
	c.queue = newQueue(out, c.lossLine)
	return &Log{Logger: zap.New(c, zap.ErrorOutput(printer{c.queue})), queue: c.queue}
}

// Print writes text to the log as it is.
func (l *Log) Print(text string) { l.queue.add([]byte(text), false) }

// Close writes what is queued, until ctx ends, and then returns an error. Call it once;
// lines that are logged later are lost.
func (l *Log) Close(ctx context.Context) error { return l.queue.close(ctx) }

// printer is where zap reports an error of its own.
type printer struct{ queue *queue }

func (p printer) Write(text []byte) (int, error) {
	p.queue.add(text, false)
	return len(text), nil
}

func (printer) Sync() error { return nil }

// Droppable returns a logger whose lines are the first to be dropped when the log's output
// does not keep up. Of a logger that is not a [Log]'s it returns the logger itself.
func Droppable(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(wrapped zapcore.Core) zapcore.Core {
		c, ok := wrapped.(*core)
		if !ok {
			return wrapped
		}
		droppable := *c
		droppable.droppable = true
		return &droppable
	}))
}
