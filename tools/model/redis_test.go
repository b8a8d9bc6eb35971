//go:build unix

package model

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"example.com/herokuapp/counter-core/coalesce"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// redis is a real server, and the line to it.
type redis struct {
	server *redistest.Server
	proxy  *redistest.Proxy
	client *goredis.Client // not by that line
}

// TestOnRedis takes the same steps on a real Redis, with real faults.
func TestOnRedis(t *testing.T) {
	server := redistest.Start(t)
	r := &redis{server, redistest.StartProxy(t, server.Addr()), server.Client()}
	steps := rapid.SliceOfN(r.drawStep(), 5, 40)
	ends := time.Now().Add(3 * time.Second)
	runs := 0
	for seed := rand.IntN(1 << 30); time.Now().Before(ends); seed++ {
		// Not rapid.Check: in real time, what fails once may not fail again.
		if err := r.run(t, fmt.Sprintf("run %d:", seed), steps.Example(seed)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		runs++
	}
	t.Logf("%d runs", runs)
}

// run returns what is wrong after the steps.
func (r *redis) run(t *testing.T, prefix string, steps []step) error {
	t.Helper()
	w := newWorld(t.Context(), profile{processes: 2}, r.open(t, r.server.Addr(), prefix))
	w.real = true
	for id := range w.profile.processes {
		store := r.open(t, r.proxy.Addr(), prefix)
		w.processes = append(w.processes, newProcess(w, id, store, coalesce.Options{AttemptTimeout: 300 * time.Millisecond, History: true}))
	}
	for _, s := range steps {
		w.report.trace("STEP %T%+v", s, s)
		s.take(w)
		w.check()
	}
	r.proxy.SetFaults(redistest.Faults{})
	w.calls.Wait()
	w.check()
	for _, p := range w.processes {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it takes as long as it takes
		p.stop(ctx)
		cancel()
	}
	for _, name := range names() {
		w.checkNumbers(name)
		w.checkTotal(name)
		w.checkHistory(name)
	}
	return w.report.err()
}

func (r *redis) open(t *testing.T, addr, prefix string) *counterredis.Store {
	t.Helper()
	store, err := counterredis.Open(t.Context(), "redis://"+addr, counterredis.Options{Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // it may be closed
	return store
}
