// Package logging writes the program's log without making a request wait. If the output is
// slow, stalls or fails, lines of the log are lost and nothing else happens.
package logging

import (
	"context"
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Log is the program's log. Without Close its last lines may be lost.
type Log struct {
	// Logger writes to the log. A line waits in memory until it is written, usually for a few
	// milliseconds. While more than a megabyte waits, lines of [Droppable] loggers are
	// dropped; above two megabytes, all lines are. How many were dropped is logged once there
	// is room.
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

// Print writes lines of text to the log. Like a field, it can't hold what a terminal would obey.
func (l *Log) Print(text string) { l.queue.add(printable([]byte(text)), false) }

// Close writes what is queued. If ctx ends first, it returns an error. Call it once. Lines
// that are logged later are lost.
func (l *Log) Close(ctx context.Context) error { return l.queue.close(ctx) }

// printer receives zap's own errors.
type printer struct{ queue *queue }

func (p printer) Write(text []byte) (int, error) {
	p.queue.add(printable(text), false)
	return len(text), nil
}

func (printer) Sync() error { return nil }

// Droppable returns a logger whose lines are dropped first when the output does not keep up.
// It returns the logger unchanged if that does not belong to a [Log].
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

// Lost counts the lines that a [Log] has lost since its start.
type Lost struct {
	// Requests and Other are the lines of [Droppable] loggers and of others for which there was
	// no room.
	Requests, Other int
	// Unwritten is how many lines could not be written.
	Unwritten int
}

// LostLines returns how many lines were lost of the [Log] that the logger belongs to, or zeros
// if it does not belong to one.
func LostLines(log *zap.Logger) Lost {
	c, ok := log.Core().(*core)
	if !ok {
		return Lost{}
	}
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	total := c.queue.total
	return Lost{Requests: total.droppable, Other: total.other, Unwritten: total.unwritten}
}
