package main

import (
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/herokuapp/app/internal/config"
)

// newLogger returns a logger to stderr: JSON lines, or a console for developers.
func newLogger(cfg config.Config) (*zap.Logger, error) {
	zapConfig := zap.NewProductionConfig()
	zapConfig.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	if cfg.Debug {
		zapConfig = zap.NewDevelopmentConfig()
	}
	zapConfig.Sampling = nil // a line a request, under load too
	zapConfig.DisableCaller = true
	zapConfig.DisableStacktrace = true
	log, err := zapConfig.Build()
	if err != nil {
		return nil, fmt.Errorf("build the logger: %w", err)
	}
	return log, nil
}
