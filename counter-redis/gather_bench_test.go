package counterredis_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// BenchmarkGather compares additions gathered by package coalesce, counted
// exactly once, with one INCR each and with go-redis's automatic pipelining,
// which are not. Beside the time it reports the commands the server executed, the
// reads it made from its connections and the processor time it took, for each addition.
func BenchmarkGather(b *testing.B) {
	server := redistest.Start(b, "--appendonly", "no")
	for _, counters := range []int{1, 10_000} {
		for _, callers := range []int{1, 64, 512} {
			b.Run(fmt.Sprintf("counters=%d/callers=%d", counters, callers), func(b *testing.B) {
				for name, open := range map[string]func(*testing.B, *redistest.Server) func(string) error{
					"baseline": openINCR, "autopipeline": openAutoPipeline, "gathered": openGathered,
				} {
					b.Run(name, func(b *testing.B) {
						benchmarkAdditions(b, []*redistest.Server{server}, callers, counters, open(b, server))
					})
				}
			})
		}
	}
}

func openINCR(b *testing.B, server *redistest.Server) func(string) error {
	b.Helper()
	client := server.Client()
	return func(name string) error { return client.Incr(b.Context(), name).Err() }
}

func openAutoPipeline(b *testing.B, server *redistest.Server) func(string) error {
	b.Helper()
	pipeline, err := server.Client().AutoPipeline()
	if err != nil {
		b.Fatal(err)
	}
	return func(name string) error {
		cmd := redis.NewIntCmd(b.Context(), "incr", name)
		if err := pipeline.Process(b.Context(), cmd); err != nil {
			return err
		}
		return cmd.Err()
	}
}

func openGathered(b *testing.B, server *redistest.Server) func(string) error {
	b.Helper()
	return openGatheredURL(b, server.URL())
}

func openGatheredURL(b *testing.B, url string) func(string) error {
	b.Helper()
	store, err := counterredis.Open(b.Context(), url, counterredis.Options{})
	if err != nil {
		b.Fatal(err)
	}
	gathering := coalesce.New(store, coalesce.Options{Wait: time.Minute})
	b.Cleanup(func() {
		if err := gathering.Close(); err != nil {
			b.Error(err)
		}
	})
	ctx := context.WithoutCancel(b.Context()) // as package counterhttp calls it
	return func(name string) error {
		_, err := counter.Inc(ctx, gathering, name)
		return err
	}
}

// benchmarkAdditions has so many callers at once add b.N times in all, shared out
// among the adders.
func benchmarkAdditions(b *testing.B, servers []*redistest.Server, callers, counters int, adders ...func(string) error) {
	b.Helper()
	names := make([]string, counters)
	for i := range names {
		names[i] = "views:/page/" + strconv.Itoa(i)
	}
	before, busyBefore := serverStats(b, servers), cpuTimes(b, servers)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for caller := range callers {
		add := adders[caller%len(adders)]
		wg.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				if err := add(names[i%int64(counters)]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	after, busyAfter := serverStats(b, servers), cpuTimes(b, servers)
	b.ReportMetric((after.commands-before.commands)/float64(b.N), "cmds/op")
	b.ReportMetric((after.reads-before.reads)/float64(b.N), "reads/op")
	busiest := 0.0
	for i := range servers {
		busiest = max(busiest, busyAfter[i]-busyBefore[i])
	}
	b.ReportMetric(busiest/float64(b.N)*1e9, "busiest-ns/op")
}

// cpuTimes returns the processor time that each server has used, in seconds.
func cpuTimes(b *testing.B, servers []*redistest.Server) []float64 {
	b.Helper()
	times := make([]float64, len(servers))
	for i, server := range servers {
		times[i] = cpuTime(b, server.Client())
	}
	return times
}

// stats is what servers have done.
type stats struct {
	commands float64 // that a client sent to count with
	reads    float64 // from connections: several commands may come in one
}

func serverStats(b *testing.B, servers []*redistest.Server) stats {
	b.Helper()
	var sum stats
	for _, server := range servers {
		info, err := server.Client().InfoMap(b.Context(), "stats", "commandstats").Result()
		if err != nil {
			b.Fatal(err)
		}
		sum.reads += parseStat(b, info["Stats"]["total_reads_processed"])
		for _, command := range []string{"incr", "evalsha", "eval"} {
			if text, ok := info["Commandstats"]["cmdstat_"+command]; ok {
				calls, _, _ := strings.Cut(strings.TrimPrefix(text, "calls="), ",")
				sum.commands += parseStat(b, calls)
			}
		}
	}
	return sum
}

func parseStat(b *testing.B, text string) float64 {
	b.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}
