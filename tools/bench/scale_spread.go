package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// sharing is what a number of processes on one Redis achieve.
type sharing struct {
	Processes int
	Views     float64 // a second, of all
	Calls     float64 // counting calls a second
	CPU       float64 // microseconds of the processes, a view
	RedisCPU  float64 // microseconds of Redis, a view
}

// visitors is how many visitors all processes have together.
const visitors = 120

// measureProcesses has visitors open the home page of 1 to 10 processes.
func (b *bench) measureProcesses(ctx context.Context, seconds int) ([]sharing, error) {
	var all []sharing
	for _, processes := range []int{1, 2, 5, 10} {
		fmt.Fprintf(b.progress, "%d processes on one Redis\n", processes)
		s, err := b.share(ctx, processes, seconds)
		if err != nil {
			return nil, fmt.Errorf("%d processes on one Redis: %w", processes, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func (b *bench) share(ctx context.Context, processes, seconds int) (sharing, error) {
	servers := make([]server, 0, processes)
	defer func() {
		for _, s := range servers {
			s.end()
		}
	}()
	for range processes {
		p, err := start(ctx, []string{anyRate, "REDIS_URL=redis://" + b.redis.addr}, filepath.Join(b.dir, "app"), nil)
		if err != nil {
			return sharing{}, err
		}
		servers = append(servers, server{contestant{program: "app"}, p})
	}
	cpu := func() (sum time.Duration, err error) {
		for _, s := range servers {
			used, err := s.cpu()
			if err != nil {
				return 0, err
			}
			sum += used
		}
		return sum, nil
	}
	open := func(seconds int) (views, perSecond float64, err error) {
		results, errs := make([]wrkResult, processes), make([]error, processes)
		var opening sync.WaitGroup
		for i, s := range servers {
			opening.Go(func() {
				results[i], errs[i] = b.openPages(ctx, s, load{"", 1, visitors / processes, http.MethodGet, "/"}, seconds)
			})
		}
		opening.Wait()
		for i, r := range results {
			if errs[i] != nil {
				return 0, 0, errs[i]
			}
			views += r.requests
			perSecond += r.perSecond
		}
		return views, perSecond, nil
	}
	if _, _, err := open(1); err != nil { // to warm up
		return sharing{}, err
	}
	m, err := b.use(ctx, cpu, func() (views, perSecond float64, err error) { return open(seconds) })
	return sharing{processes, m.views, m.redisCalls * m.views, m.cpu, m.redisCPU}, err
}

// primary is what a primary of a Cluster was sent.
type primary struct {
	Batches float64 // batches a second
	Share   float64 // of the batches of all primaries
}

// measureCluster adds to many counters on a Cluster, and returns what its primaries got.
func (b *bench) measureCluster(ctx context.Context, tb testing.TB, seconds int) ([]primary, error) {
	tb.Helper()
	fmt.Fprintln(b.progress, "a Cluster")
	cluster := redistest.StartCluster(tb, redistest.Topology{})
	store, err := counterredis.Open(ctx, cluster.URL(), counterredis.Options{})
	if err != nil {
		return nil, err
	}
	gathered := coalesce.New(store, coalesce.Options{Wait: time.Minute, History: true})
	defer gathered.Close() // by then nothing is pending
	nodes := cluster.Primaries(tb)
	before, err := batchesOf(ctx, nodes)
	if err != nil {
		return nil, err
	}
	took, err := timed(func() error {
		_, _, err := addAll(time.Duration(seconds)*time.Second, func(name string) error {
			_, err := counter.Inc(ctx, gathered, name)
			return err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	after, err := batchesOf(ctx, nodes)
	if err != nil {
		return nil, err
	}
	var all []primary
	var sum float64
	for i := range nodes {
		p := primary{Batches: (after[i] - before[i]) / took}
		all = append(all, p)
		sum += p.Batches
	}
	for i := range all {
		all[i].Share = all[i].Batches / sum
	}
	return all, nil
}

// batchesOf returns how many counting calls each server was sent.
func batchesOf(ctx context.Context, nodes []*redistest.Node) ([]float64, error) {
	var all []float64
	for _, node := range nodes {
		sum, err := countingCalls(ctx, node.Client())
		if err != nil {
			return nil, err
		}
		all = append(all, sum)
	}
	return all, nil
}

// countingCalls returns how many counting commands a Redis was sent.
func countingCalls(ctx context.Context, client *redis.Client) (float64, error) {
	info, err := client.InfoMap(ctx, "commandstats").Result()
	if err != nil {
		return 0, err
	}
	var sum float64
	for _, name := range []string{"incr", "eval", "evalsha", "fcall"} {
		var calls float64
		_, _ = fmt.Sscanf(info["Commandstats"]["cmdstat_"+name], "calls=%f", &calls) // none at first
		sum += calls
	}
	return sum, nil
}
