package logging

import (
	"slices"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	// maxField is the most bytes that a field takes in a line. Strangers can choose much of
	// what is logged.
	maxField = 1 << 10
	// maxText is the most bytes in a message, or in a stack, which is a [zap.ByteString]
	// field.
	maxText = 16 << 10
)

// core encodes lines into a queue.
type core struct {
	zapcore.LevelEnabler
	encoder   zapcore.Encoder
	queue     *queue
	droppable bool
}

// With implements [zapcore.Core].
func (c *core) With(fields []zap.Field) zapcore.Core {
	with := *c
	with.encoder = c.encoder.Clone()
	for _, field := range bounded(fields) {
		field.AddTo(with.encoder)
	}
	return &with
}

// Check implements [zapcore.Core].
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write implements [zapcore.Core]. It does not wait for the output.
func (c *core) Write(entry zapcore.Entry, fields []zap.Field) error {
	entry.Message = cut(entry.Message, maxText)
	line, err := c.encoder.EncodeEntry(entry, bounded(fields))
	if err != nil {
		return err
	}
	c.queue.add(printable(line.Bytes()), c.droppable)
	line.Free()
	return nil
}

// Sync implements [zapcore.Core]. It does nothing: [Log.Close] waits for the output.
func (c *core) Sync() error { return nil }

// lossLine returns the line that says how many lines were lost.
func (c *core) lossLine(lost loss) []byte {
	line, err := c.encoder.EncodeEntry(
		zapcore.Entry{Level: zap.WarnLevel, Time: time.Now(), Message: "lines of this log were lost: its output did not keep up"},
		[]zap.Field{zap.String("event", "lines_lost"), zap.Int("requests", lost.droppable), zap.Int("other", lost.other), zap.Int("unwritten", lost.unwritten)},
	)
	if err != nil { // numbers can always be encoded
		return nil
	}
	return line.Bytes()
}

// bounded returns the fields with long texts cut. It copies them only if it cuts one.
func bounded(fields []zap.Field) []zap.Field {
	copied := false
	for i, field := range fields {
		switch field.Type {
		case zapcore.StringType:
			short := cut(field.String, maxField)
			if short == field.String {
				continue
			}
			field.String = short
		case zapcore.ByteStringType:
			text, ok := field.Interface.([]byte)
			if !ok || len(text) <= maxText {
				continue
			}
			field = zap.String(field.Key, cut(string(text), maxText))
		case zapcore.ErrorType:
			err, ok := field.Interface.(error)
			if !ok {
				continue
			}
			field = zap.String(field.Key, cut(err.Error(), maxField))
		default:
			continue
		}
		if !copied {
			fields, copied = slices.Clone(fields), true
		}
		fields[i] = field
	}
	return fields
}

// cut returns the beginning of text that a log has room for in most bytes, where it writes some
// characters as escapes. It does not split a character.
func cut(text string, most int) string {
	const mark = "…"
	if len(text) <= most/len(`\u0000`) {
		return text
	}
	end := 0 // of what leaves room for the mark
	for i, written := 0, 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		written += escapedSize(r, size)
		if written > most {
			return text[:end] + mark
		}
		i += size
		if written <= most-len(mark) {
			end = i
		}
	}
	return text
}
