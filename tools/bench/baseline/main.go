// Baseline is what a user would write instead of this repository: one page behind
// net/http and mux, with the app's headers and a line in the log for each request.
//
// Without REDIS_URL the page is fixed, which is the least that any page costs. With
// it, each view is one INCR, and html/template puts the number into the page.
package main

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

const pageText = `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Hello, world!</title>
</head>
<body>
  <h1>Hello, world!</h1>
  <p>This page was viewed {{.}} times.</p>
</body>
</html>
`

func main() {
	config := zap.NewProductionConfig()
	config.Sampling = nil // a line for each request
	config.DisableCaller = true
	log, err := config.Build()
	if err == nil {
		err = serve(log, os.Getenv("PORT"), os.Getenv("REDIS_URL"))
	}
	fmt.Fprintln(os.Stderr, "baseline:", err)
	os.Exit(1)
}

func serve(log *zap.Logger, port, redisURL string) error {
	render, err := renderer(redisURL)
	if err != nil {
		return err
	}
	router := mux.NewRouter()
	router.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		status := http.StatusOK
		page, err := render(r.Context())
		if err != nil {
			log.Error("rendering", zap.Error(err))
			status = http.StatusServiceUnavailable
		}
		id := strconv.FormatUint(rand.Uint64(), 36) //nolint:gosec // an id in a log is no secret
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Length", strconv.Itoa(len(page)))
		header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("View-Status", "counted")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("X-Request-Id", id)
		w.WriteHeader(status)
		_, _ = w.Write(page) // the visitor may have left
		log.Info("request",
			zap.String("method", r.Method), zap.String("path", r.URL.Path),
			zap.Int("status", status), zap.Int("bytes", len(page)),
			zap.Duration("duration", time.Since(start)), zap.String("request_id", id))
	}).Methods(http.MethodGet)
	server := &http.Server{
		Addr: net.JoinHostPort("127.0.0.1", port), Handler: router, ReadHeaderTimeout: 5 * time.Second,
	}
	return server.ListenAndServe()
}

// renderer returns what makes the page.
func renderer(redisURL string) (func(context.Context) ([]byte, error), error) {
	if redisURL == "" {
		fixed := []byte(strings.Replace(pageText, "{{.}}", "1234567", 1))
		return func(context.Context) ([]byte, error) { return fixed, nil }, nil
	}
	opts, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(opts)
	parsed, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) ([]byte, error) {
		views, err := client.Incr(ctx, "baseline").Result()
		if err != nil {
			return nil, err
		}
		var page bytes.Buffer
		err = parsed.Execute(&page, views)
		return page.Bytes(), err
	}, nil
}
