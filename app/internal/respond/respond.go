// Package respond writes answers to HTTP requests: pages, JSON, problems, and refusals of
// methods that an address does not have.
package respond

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RequestIDHeader is the header with the id of a request, in the request and in its answer.
const RequestIDHeader = "X-Request-Id"

// RequestID returns the id of the request, for logs.
func RequestID(r *http.Request) string { return r.Header.Get(RequestIDHeader) }

// knownLength is from which length on net/http does not set Content-Length by itself.
const knownLength = 2048

// Write answers with the body. If the client leaves before it arrives, nobody is told.
func Write(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header()
	header["Content-Type"] = []string{contentType}
	if len(body) == 0 || len(body) >= knownLength {
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// HTML answers with a page in UTF-8.
func HTML(w http.ResponseWriter, status int, page []byte) {
	Write(w, status, "text/html; charset=utf-8", page)
}

// JSON answers with value as a line of JSON. If value can't be encoded, it returns an error
// and has not answered.
func JSON(w http.ResponseWriter, status int, contentType string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	Write(w, status, contentType, append(text, '\n'))
	return nil
}

// StoreRetry is how long a client is asked to wait before it tries again while the store
// does not answer.
const StoreRetry = 5 * time.Second

// RetryAfter sets the header Retry-After, which asks the client to wait before it tries
// again. It returns the header's value, in whole seconds.
func RetryAfter(w http.ResponseWriter, wait time.Duration) (seconds string) {
	seconds = strconv.Itoa(int(math.Ceil(wait.Seconds())))
	w.Header().Set("Retry-After", seconds)
	return seconds
}

// Methods has the handlers of an address by method. The handler of GET also answers HEAD.
type Methods map[string]http.HandlerFunc

// Handler returns a handler for all the methods. For any other method it calls refuse. It
// sets the header Allow for those, and for OPTIONS (RFC 9110, section 9.3.7).
func (m Methods) Handler(refuse http.HandlerFunc) http.Handler {
	handlers := maps.Clone(m)
	if get, ok := m[http.MethodGet]; ok {
		handlers[http.MethodHead] = get
	}
	allow := strings.Join(slices.Sorted(maps.Keys(handlers)), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, ok := handlers[r.Method]
		if (!ok || r.Method == http.MethodOptions) && allow != "" {
			w.Header().Set("Allow", allow)
		}
		if !ok {
			handler = refuse
		}
		handler(w, r)
	})
}

// Problem is a machine-readable error as RFC 9457 defines it.
type Problem struct {
	Type   string `json:"type"` // about:blank if the status says everything
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// ProblemType is the Content-Type of a [Problem].
const ProblemType = "application/problem+json"

// NewProblem returns the problem with the status and the detail.
func NewProblem(status int, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// WriteProblem answers with the status and a [Problem] as JSON. detail is a sentence for
// people.
func WriteProblem(w http.ResponseWriter, status int, detail string) {
	_ = JSON(w, status, ProblemType, NewProblem(status, detail)) // a Problem can always be encoded
}

// DataHeader returns the headers of an answer that is not a document. Without values, they
// remove those that only documents need: the Content-Security-Policy refuses frames, too.
func DataHeader() http.Header {
	return http.Header{
		"Cross-Origin-Opener-Policy": nil,
		"Referrer-Policy":            nil,
		"X-Frame-Options":            nil,
	}
}

// ImageHeader returns the headers of an image that changes with each view, and of errors in
// its place, on pages of any site. Image proxies such as GitHub's
// cache whatever they may, and errors for days.
func ImageHeader() http.Header {
	header := DataHeader()
	header.Set("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages of other sites show it
	header.Set("Access-Control-Allow-Origin", "*")
	return header
}

// pixel is an image of one transparent pixel.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// Pixel answers with an image of one transparent pixel.
func Pixel(w http.ResponseWriter, status int) {
	Write(w, status, "image/gif", []byte(pixel))
}
