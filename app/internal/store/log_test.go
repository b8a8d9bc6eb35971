package store

import (
	"errors"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	zaptest "go.uber.org/zap/zaptest/observer"
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
