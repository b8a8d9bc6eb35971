package auth

import (
	"net/http"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/herokuapp/app/internal/respond"
)

// logLine says what somebody did, and from where.
func (g *Gate) logLine(r *http.Request, level zapcore.Level, message string, fields ...zap.Field) {
	g.log.Log(level, message, append(fields,
		zap.Stringer("client", g.hops.address(r)),
		zap.Bool("tls", g.hops.secure(r)),
		zap.String("request_id", respond.RequestID(r)),
	)...)
}
