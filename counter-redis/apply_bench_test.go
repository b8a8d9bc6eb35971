package counterredis_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// BenchmarkApply applies slices of batches, each of another counter, from one
// goroutine, with as many plain INCRs in a pipeline for comparison. The server
// writes nothing to disk; server-ns/batch is the processor time it takes.
func BenchmarkApply(b *testing.B) {
	client := redistest.Start(b, "--appendonly", "no").Client()
	store := newStore(b, client, counterredis.Options{})
	for _, size := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("batches=%d/baseline", size), func(b *testing.B) {
			run(b, client, size, func() error {
				pipe := client.Pipeline()
				for i := range size {
					pipe.Incr(b.Context(), strconv.Itoa(i))
				}
				_, err := pipe.Exec(b.Context())
				return err
			})
		})
		for name, hour := range map[string]counter.Hour{"store": 0, "history": counter.HourOf(time.Now())} {
			b.Run(fmt.Sprintf("batches=%d/%s", size, name), func(b *testing.B) {
				batches := make([]counter.Batch, size)
				for i := range batches {
					batches[i] = counter.Batch{Name: strconv.Itoa(i), Writer: rand.Text(), Delta: 1, Hour: hour}
				}
				run(b, client, size, func() error {
					for i := range batches {
						batches[i].Sum++
					}
					for _, result := range store.Apply(b.Context(), batches) {
						if result.Err != nil {
							return result.Err
						}
					}
					return nil
				})
			})
		}
	}
}

// run measures send, which sends as many commands as size says.
func run(b *testing.B, client *redis.Client, size int, send func() error) {
	if err := send(); err != nil { // the connection, and the script
		b.Fatal(err)
	}
	before := cpuTime(b, client)
	b.ReportAllocs()
	for b.Loop() {
		if err := send(); err != nil {
			b.Fatal(err)
		}
	}
	commands := float64(b.N * size)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/commands, "ns/batch")
	b.ReportMetric((cpuTime(b, client)-before)/commands*1e9, "server-ns/batch")
}

// cpuTime returns how many seconds of a processor the server has used.
func cpuTime(b *testing.B, client *redis.Client) float64 {
	b.Helper()
	info, err := client.InfoMap(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	user, errUser := strconv.ParseFloat(info["CPU"]["used_cpu_user"], 64)
	system, errSystem := strconv.ParseFloat(info["CPU"]["used_cpu_sys"], 64)
	if err := errors.Join(errUser, errSystem); err != nil {
		b.Fatal(err)
	}
	return user + system
}
