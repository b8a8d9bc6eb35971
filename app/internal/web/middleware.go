package web

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/herokuapp/app/internal/logging"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/counter-core/counterhttp"
)

// withPath gives a request for "http://host", without a path, the path "/", which means the
// same (RFC 9110, section 4.2.3). It does not for OPTIONS, which then is about the server, and
// CONNECT.
func withPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u := r.URL; u.Path == "" && u.Host != "" && r.Method != http.MethodOptions && r.Method != http.MethodConnect {
			root := *u
			root.Path = "/"
			withRoot := *r
			withRoot.URL = &root
			r = &withRoot
		}
		next.ServeHTTP(w, r)
	})
}

// frame is what goes around every request: its id, the headers that every answer has, an
// answer where a handler panics, what observes it and the access line. It is one handler, not
// five, so that it costs one copy of nothing and one allocation.
type frame struct {
	next   http.Handler
	failed func(w http.ResponseWriter, r *http.Request, err error, fields ...zap.Field)
	access zapcore.Core
	fields sync.Pool // of *accessFields

	// The values of headers that never change are shared by all answers.
	policy, opener, referrer, sniff, frames []string
}

// newFrame sets what Django's SecurityMiddleware and XFrameOptionsMiddleware set by
// default, and a policy for pages that load nothing. failed answers for a handler that
// panics.
func newFrame(next http.Handler, log *zap.Logger, failed func(http.ResponseWriter, *http.Request, error, ...zap.Field)) *frame {
	return &frame{
		next: next, failed: failed, access: logging.Droppable(log).Core(),
		fields:   sync.Pool{New: func() any { return new(accessFields) }},
		policy:   []string{"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
		opener:   []string{"same-origin"},
		referrer: []string{"same-origin"},
		sniff:    []string{"nosniff"},
		frames:   []string{"DENY"},
	}
}

// ServeHTTP implements [http.Handler].
func (f *frame) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{ResponseWriter: w, start: time.Now()}
	e.id[0] = requestID(r)
	r.Header[respond.RequestIDHeader] = e.id[:]
	header := w.Header()
	header[respond.RequestIDHeader] = e.id[:]
	header["Content-Security-Policy"] = f.policy
	header["Cross-Origin-Opener-Policy"] = f.opener
	header["Referrer-Policy"] = f.referrer
	header["X-Content-Type-Options"] = f.sniff
	header["X-Frame-Options"] = f.frames
	defer f.finish(e, r)
	f.next.ServeHTTP(e, r)
}

// finish answers for a handler that has panicked, and writes the access line.
func (f *frame) finish(e *exchange, r *http.Request) {
	fault := recover()
	err, _ := fault.(error)
	aborted := errors.Is(err, http.ErrAbortHandler)
	if fault != nil && !aborted {
		f.failed(e, r, fmt.Errorf("panic: %v", fault), zap.ByteString("stack", debug.Stack()))
	}
	now := time.Now()
	view := first(e.Header()[counterhttp.StatusHeader])
	if e.status == 0 && !aborted {
		e.status = http.StatusOK // which net/http sends for a handler that writes nothing
	}
	if e.observer != nil {
		e.observer.Observe(e.status, counterhttp.Status(view), now.Sub(e.start))
	}
	f.log(e, r, now, view)
	if aborted {
		panic(fault)
	}
}

// exchange is a request and what is answered.
type exchange struct {
	http.ResponseWriter
	start  time.Time
	status int
	bytes  int64
	id     [1]string // the value of two headers

	observer Observer // nil if nobody observes it
}

// WriteHeader implements [http.ResponseWriter].
func (e *exchange) WriteHeader(status int) {
	if e.status == 0 {
		e.status = status
	}
	e.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (e *exchange) Write(body []byte) (int, error) {
	if e.status == 0 {
		e.status = http.StatusOK
	}
	n, err := e.ResponseWriter.Write(body)
	e.bytes += int64(n)
	return n, err
}

// Unwrap is for [http.ResponseController].
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// accessFields are the fields of an access line. They are used again and again.
type accessFields [9]zap.Field

// log writes the access line. The query is left out: it may hold what is not for logs.
func (f *frame) log(e *exchange, r *http.Request, now time.Time, view string) {
	line := f.access.Check(zapcore.Entry{Level: zap.InfoLevel, Time: now, Message: "request"}, nil)
	if line == nil {
		return
	}
	if r.Method == http.MethodHead {
		e.bytes = 0 // net/http drops the body
	}
	fields := f.fields.Get().(*accessFields)
	*fields = accessFields{
		zap.String("method", r.Method),
		zap.String("path", r.URL.EscapedPath()),
		zap.Int("status", e.status),
		zap.Int64("bytes", e.bytes),
		zap.Duration("duration", now.Sub(e.start)),
		zap.String("request_id", e.id[0]),
		zap.String("view_status", view),
		zap.String("user_agent", first(r.Header["User-Agent"])),
		zap.Skip(),
	}
	if parent := traceparent(r.Header["Traceparent"]); parent != "" {
		fields[len(fields)-1] = zap.String("traceparent", parent)
	}
	line.Write(fields[:]...)
	f.fields.Put(fields)
}

// first returns the first value of a header, if there is one.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// requestID returns the id that the caller has given the request if it is short and plain,
// else a new one. An id has to be unique, and need not be a secret.
func requestID(r *http.Request) string {
	if id := first(r.Header[respond.RequestIDHeader]); isPlain(id) {
		return id
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [26]byte
	low, high := rand.Uint64(), rand.Uint64() //nolint:gosec // see above
	for i := range len(id) / 2 {
		id[i], id[len(id)/2+i] = alphabet[low%32], alphabet[high%32]
		low, high = low/32, high/32
	}
	return string(id[:])
}

// isPlain says whether an id has 1 to 128 letters, digits and some signs.
func isPlain(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == ':', c == '+', c == '/', c == '=', c == '-':
		default:
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 128
}

func requestIDField(r *http.Request) zap.Field {
	return zap.String("request_id", respond.RequestID(r))
}
