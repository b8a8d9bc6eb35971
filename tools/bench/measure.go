package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterredis "example.com/herokuapp/counter-redis"
)

// sample is the result of one measurement.
type sample struct {
	views      float64 // a second
	p50, p99   float64 // milliseconds
	cpu        float64 // microseconds of the server's processor time, a view
	redisCPU   float64 // microseconds of Redis's, a view
	redisCalls float64 // a view
}

// measure has the page opened for that many seconds.
func (b *bench) measure(ctx context.Context, got results, l load, s server, seconds int) error {
	var r wrkResult
	m, err := b.use(ctx, s.cpu, func() (views, perSecond float64, err error) {
		r, err = b.openPages(ctx, s, l, seconds)
		return r.requests, r.perSecond, err
	})
	if err != nil {
		return err
	}
	m.p50, m.p99 = milliseconds(r.p50), milliseconds(r.p99)
	b.note(got, l.name, s.name, m)
	return nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

// note keeps a sample and prints it.
func (b *bench) note(got results, load, name string, m sample) {
	got.add(load, name, m)
	fmt.Fprintf(b.progress, "%-24s %-9s %7.0f views/s, %5.1f µs of processor time a view\n", load, name, m.views, m.cpu)
}

// openPages has wrk put the load on the server.
func (b *bench) openPages(ctx context.Context, s server, l load, seconds int) (wrkResult, error) {
	path, method := "/", http.MethodGet
	if s.program == "app" {
		path, method = l.path, l.method
	}
	script := filepath.Join(b.dir, method+".lua")
	if err := os.WriteFile(script, []byte("wrk.method = \""+method+"\"\n"), 0o600); err != nil {
		return wrkResult{}, err
	}
	cmd := exec.CommandContext(ctx, "wrk", "--latency", "-t", strconv.Itoa(l.threads), "-c", strconv.Itoa(l.visitors), //nolint:gosec // from the lines of loads
		"-d", strconv.Itoa(seconds)+"s", "-s", script, "http://"+s.addr+path)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return wrkResult{}, fmt.Errorf("wrk: %w\n%s", err, text)
	}
	return parseWrk(string(text))
}

// use returns what a view costs that do counts.
func (b *bench) use(ctx context.Context, cpu func() (time.Duration, error), do func() (views, perSecond float64, err error)) (sample, error) {
	look := func() (now [3]float64, err error) {
		for i, what := range []func() (time.Duration, error){cpu, b.redis.cpu} {
			used, err := what()
			if err != nil {
				return now, err
			}
			now[i] = float64(used.Microseconds())
		}
		now[2], err = b.redisCalls(ctx)
		return now, err
	}
	before, err := look()
	if err != nil {
		return sample{}, err
	}
	views, perSecond, err := do()
	if err != nil {
		return sample{}, err
	}
	after, err := look()
	each := func(i int) float64 { return (after[i] - before[i]) / max(views, 1) }
	return sample{views: perSecond, cpu: each(0), redisCPU: each(1), redisCalls: each(2)}, err
}

// redisCalls returns how many counting commands Redis was sent.
func (b *bench) redisCalls(ctx context.Context) (float64, error) { return countingCalls(ctx, b.client) }

// What the library is measured with: more counters and callers than wrk could have.
const (
	library     = "library"
	withHistory = "history"
	counters    = 10_000
	callers     = 512
)

func libraryLoad() string { return fmt.Sprintf("%d counters, %d callers, no HTTP", counters, callers) }

// measureLibrary counts with package coalesce over package counterredis, and with
// one INCR each.
func (b *bench) measureLibrary(ctx context.Context, got results, seconds int) error {
	client := redis.NewClient(&redis.Options{Addr: b.redis.addr})
	defer client.Close()
	store, err := counterredis.Open(ctx, "redis://"+b.redis.addr, counterredis.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	gather := func(history bool) func(ctx context.Context, name string) error {
		gathered := coalesce.New(store, coalesce.Options{Wait: time.Minute, History: history})
		return func(ctx context.Context, name string) error {
			_, err := counter.Inc(context.WithoutCancel(ctx), gathered, name) // as package counterhttp does
			return err
		}
	}

	for _, c := range []struct {
		name string
		add  func(ctx context.Context, name string) error
	}{
		{incr, func(ctx context.Context, name string) error { return client.Incr(ctx, "incr:"+name).Err() }},
		{library, gather(false)},
		{withHistory, gather(true)},
	} {
		self := func() (time.Duration, error) { return cpuTime("self") }
		m, err := b.use(ctx, self, func() (views, perSecond float64, err error) {
			return addAll(time.Duration(seconds)*time.Second, func(name string) error { return c.add(ctx, name) })
		})
		if err != nil {
			return err
		}
		b.note(got, libraryLoad(), c.name, m)
	}
	return nil
}

// addAll has all callers add to one counter after the other for so long.
func addAll(long time.Duration, add func(name string) error) (added, perSecond float64, err error) {
	names := make([]string, counters)
	for i := range names {
		names[i] = "views:/page/" + strconv.Itoa(i)
	}
	var next, done atomic.Int64
	failed := make(chan error, callers)
	var wg sync.WaitGroup
	begin := time.Now()
	for range callers {
		wg.Go(func() {
			for time.Since(begin) < long {
				if err := add(names[next.Add(1)%counters]); err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(begin).Seconds()
	select {
	case err = <-failed:
	default:
	}
	return float64(done.Load()), float64(done.Load()) / took, err
}
