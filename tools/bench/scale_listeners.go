package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// listening is what a number of listeners to one page costs its process.
type listening struct {
	Listeners int
	Memory    float64 // KiB of the process, a listener
	CPU       float64 // microseconds of the process, for each number told to a listener
	P50, P99  float64 // milliseconds from a view until a listener is told of it
	Refused   bool    // one more listener is refused
}

// many is the app's default of MAX_LISTENERS.
const many = 10_000

// measureListeners has one view a second counted while many listen.
func (b *bench) measureListeners(ctx context.Context, seconds int) ([]listening, error) {
	var all []listening
	for _, listeners := range []int{1000, many} {
		fmt.Fprintf(b.progress, "%d listeners\n", listeners)
		l, err := b.listen(ctx, listeners, seconds)
		if err != nil {
			return nil, fmt.Errorf("%d listeners (each takes an open file here and in the app: see ulimit -n): %w", listeners, err)
		}
		all = append(all, l)
	}
	return all, nil
}

func (b *bench) listen(ctx context.Context, listeners, seconds int) (l listening, err error) {
	app, err := start(ctx, []string{anyRate, "MAX_LISTENERS=" + strconv.Itoa(listeners)}, filepath.Join(b.dir, "app"), nil)
	if err != nil {
		return l, err
	}
	defer app.end()
	before, err := app.memory()
	if err != nil {
		return l, err
	}
	const page = "example.com/blog"
	if err := view(ctx, app.addr, page); err != nil {
		return l, err
	}

	hear := &heard{}
	conns := make([]net.Conn, 0, listeners)
	var reading sync.WaitGroup
	defer func() {
		for _, conn := range conns {
			_ = conn.Close() // it is only read
		}
		reading.Wait()
	}()
	for range listeners {
		conn, reader, status, err := subscribe(ctx, app.addr, page)
		if err == nil && status != http.StatusOK {
			err = errors.Join(fmt.Errorf("a listener is answered %d", status), conn.Close())
		}
		if err != nil {
			return l, err
		}
		conns = append(conns, conn)
		reading.Go(func() { hear.listen(reader) })
	}
	conn, _, status, err := subscribe(ctx, app.addr, page)
	if err != nil {
		return l, err
	}
	l.Refused = status == http.StatusServiceUnavailable
	if err := conn.Close(); err != nil {
		return l, err
	}
	hear.await(ctx, listeners) // the number there is

	cpu, err := app.cpu()
	if err != nil {
		return l, err
	}
	for range seconds {
		select { // the process reads at the pace of the last number
		case <-time.After(rand.N(time.Second)): //nolint:gosec // no secret
		case <-ctx.Done():
		}
		hear.begin()
		if err := view(ctx, app.addr, page); err != nil {
			return l, err
		}
		if !hear.await(ctx, listeners) {
			return l, fmt.Errorf("only %d listeners were told", hear.count())
		}
	}
	used, err := app.cpu()
	if err != nil {
		return l, err
	}
	after, err := app.memory()
	if err != nil {
		return l, err
	}
	l.Listeners = listeners
	l.Memory = (after - before) / float64(listeners) / 1024
	l.CPU = float64((used - cpu).Microseconds()) / float64(listeners*seconds)
	l.P50, l.P99 = hear.quantiles()
	return l, nil
}

// view counts a view of the page.
func view(ctx context.Context, addr, page string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/api/v1/views/"+page, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("a view is answered %s", response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// subscribe asks for the events of the page. http.Client would take more memory for each
// listener than the app.
func subscribe(ctx context.Context, addr, page string) (net.Conn, *bufio.Reader, int, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, 0, err
	}
	if _, err := fmt.Fprintf(conn, "GET /events/%s HTTP/1.1\r\nHost: counter\r\n\r\n", page); err != nil {
		return nil, nil, 0, errors.Join(err, conn.Close())
	}
	reader := bufio.NewReaderSize(conn, 512)
	response, err := http.ReadResponse(reader, nil) //nolint:bodyclose // the connection is closed, and reader goes on with the body
	if err != nil {
		return nil, nil, 0, errors.Join(err, conn.Close())
	}
	return conn, reader, response.StatusCode, nil
}

// heard counts what listeners are told. It is safe for concurrent use.
type heard struct {
	mu    sync.Mutex
	since time.Time
	now   int
	all   []time.Duration
}

func (h *heard) listen(reader *bufio.Reader) {
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		if strings.HasPrefix(line, "data: ") {
			h.mu.Lock()
			h.now++
			if !h.since.IsZero() {
				h.all = append(h.all, time.Since(h.since))
			}
			h.mu.Unlock()
		}
	}
}

// begin notes that a number changes.
func (h *heard) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since, h.now = time.Now(), 0
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// await waits until all listeners were told. It returns false if that takes too long.
func (h *heard) await(ctx context.Context, listeners int) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for h.count() < listeners {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

func (h *heard) quantiles() (p50, p99 float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.Sort(h.all)
	return milliseconds(h.all[len(h.all)/2]), milliseconds(h.all[len(h.all)*99/100])
}
