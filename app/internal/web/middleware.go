package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/counter-core/counterhttp"
)

// withRequestID gives each request an id, the caller's own where it is short
// and plain, in the request's and the answer's header.
func withRequestID(next http.Handler) http.Handler {
	plain := regexp.MustCompile(`^[A-Za-z0-9._:+/=-]{1,128}$`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := respond.RequestID(r)
		if !plain.MatchString(id) {
			id = rand.Text()
			r.Header.Set(respond.RequestIDHeader, id)
		}
		w.Header().Set(respond.RequestIDHeader, id)
		next.ServeHTTP(w, r)
	})
}

func requestIDField(r *http.Request) zap.Field {
	return zap.String("request_id", respond.RequestID(r))
}

// withAccessLog writes one line for each request. The query is left out: it may
// hold what is not for logs.
func withAccessLog(log *zap.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &recorder{ResponseWriter: w}
		defer func() {
			if r.Method == http.MethodHead {
				recorder.bytes = 0 // net/http drops the body
			}
			log.Info("request",
				zap.String("method", r.Method),
				zap.String("path", r.URL.EscapedPath()),
				zap.Int("status", recorder.status),
				zap.Int64("bytes", recorder.bytes),
				zap.Duration("duration", time.Since(start)),
				requestIDField(r),
				zap.String("view_status", w.Header().Get(counterhttp.StatusHeader)),
			)
		}()
		next.ServeHTTP(recorder, r)
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(body []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(body)
	r.bytes += int64(n)
	return n, err
}

// Unwrap is for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// withSecurityHeaders sets what Django's SecurityMiddleware and
// XFrameOptionsMiddleware set by default, and a policy for pages that load nothing.
func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// withRecovery answers for a handler that panics, and logs where.
func (s *site) withRecovery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			switch fault {
			case nil:
			case http.ErrAbortHandler:
				panic(fault)
			default:
				s.internalProblem(w, r, fmt.Errorf("panic: %v", fault), zap.ByteString("stack", debug.Stack()))
			}
		}()
		next.ServeHTTP(w, r)
	})
}
