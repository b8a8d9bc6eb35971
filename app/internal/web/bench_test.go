//go:build !race

package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/herokuapp/app/internal/config"
	"example.com/herokuapp/app/internal/respond"
	"example.com/herokuapp/app/internal/store"
	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	"example.com/herokuapp/counter-core/counterhttp"
	countermemory "example.com/herokuapp/counter-memory"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
	"example.com/herokuapp/templates"
)

// BenchmarkView opens the page over HTTP, with its headers and its log line. The
// baseline counts each view by an INCR; fixed is a page that counts nothing and
// is always the same, behind the same router.
func BenchmarkView(b *testing.B) {
	redis := redistest.Start(b, "--appendonly", "no")
	backend, err := counterredis.Open(b.Context(), redis.URL(), counterredis.Options{})
	if err != nil {
		b.Fatal(err)
	}
	gathered := coalesce.New(backend, coalesce.Options{Wait: time.Minute})
	defer gathered.Close()
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel))
	pages, err := templates.New()
	if err != nil {
		b.Fatal(err)
	}
	counting := func(counters counter.Store) http.Handler {
		return NewHandler(nil, config.Config{PageWait: time.Minute}, counters, store.NewHealth(counters, log), pages, log)
	}
	fixed := pages.Home(templates.Home{Views: 1234567})
	router := mux.NewRouter()
	router.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set(counterhttp.StatusHeader, string(counterhttp.Counted))
		respond.HTML(w, http.StatusOK, fixed)
	})
	bare := newFrame(router, log, nil)
	for _, visitors := range []int{1, 64} {
		b.Run(fmt.Sprintf("visitors=%d", visitors), func(b *testing.B) {
			b.Run("baseline", func(b *testing.B) { benchmarkViews(b, visitors, counting(backend)) })
			b.Run("gathered", func(b *testing.B) {
				before := scriptCalls(b, redis)
				benchmarkViews(b, visitors, counting(gathered))
				b.ReportMetric((scriptCalls(b, redis)-before)/float64(b.N), "calls/op")
			})
			b.Run("memory", func(b *testing.B) { benchmarkViews(b, visitors, counting(countermemory.New())) })
			b.Run("fixed", func(b *testing.B) { benchmarkViews(b, visitors, bare) })
		})
	}
}

// scriptCalls is how many batches the server was sent.
func scriptCalls(b *testing.B, server *redistest.Server) float64 {
	b.Helper()
	info, err := server.Client().InfoMap(b.Context(), "commandstats").Result()
	if err != nil {
		b.Fatal(err)
	}
	var calls float64
	_, _ = fmt.Sscanf(info["Commandstats"]["cmdstat_evalsha"], "calls=%f", &calls) // none at first
	return calls
}

// benchmarkViews has so many visitors at once open the page b.N times in all.
func benchmarkViews(b *testing.B, visitors int, handler http.Handler) {
	b.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	var opened atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range visitors {
		v := newVisitor(b, server)
		wg.Go(func() {
			for opened.Add(1) <= int64(b.N) {
				if err := v.open(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}

// visitor opens the page through one connection. It does no more than it must and
// allocates nothing: it shares the processors and the figures with the server.
type visitor struct {
	conn    net.Conn
	request []byte
	answers *bufio.Reader
}

func newVisitor(tb testing.TB, server *httptest.Server) *visitor {
	tb.Helper()
	conn, err := new(net.Dialer).DialContext(tb.Context(), "tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &visitor{conn, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), bufio.NewReader(conn)}
}

// open opens the page.
func (v *visitor) open() error {
	if _, err := v.conn.Write(v.request); err != nil {
		return err
	}
	length := 0
	for {
		line, err := v.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			break
		}
		if number, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(number))); err != nil {
				return err
			}
		}
	}
	if _, err := v.answers.Discard(length); err != nil || length == 0 {
		return fmt.Errorf("an answer of %d bytes: %w", length, err)
	}
	return nil
}
