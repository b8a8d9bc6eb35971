package counterredis_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-redis/redistest"
)

// Batches whose replies are lost are repeated in calls with other batches. Meanwhile the server
// forgets its scripts, runs out of memory, becomes a replica, lacks a replica or loses a
// record. Each batch is counted once, also in its hour.
func TestTogetherThroughFaults(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	admin := server.Client()
	proxy := redistest.StartProxy(t, server.Addr())
	store := connect(t, &redis.Options{Addr: proxy.Addr(), PoolSize: 2})
	learn(t, store)

	const counters = 24
	hour := today() + 3
	sums := make([]int64, counters) // of what is counted
	pending := make([]int64, counters)
	inDoubt, refused := 0, 0
	apply := func() {
		var batches []counter.Batch
		var places []int
		for _, i := range rand.Perm(counters)[:2+rand.IntN(counters-2)] {
			if pending[i] == 0 {
				pending[i] = 1 + rand.Int64N(5)
			}
			batches = append(batches, counter.Batch{Name: fmt.Sprint("c", i), Writer: "w", Delta: pending[i], Sum: sums[i] + pending[i], Hour: hour})
			places = append(places, i)
		}
		for n, result := range store.Apply(t.Context(), batches) {
			i := places[n]
			switch {
			case result.Err == nil && result.Total != sums[i]+pending[i]:
				t.Fatalf("%+v: %+v; want the total %d", batches[n], result, sums[i]+pending[i])
			case result.Err == nil:
				sums[i], pending[i] = sums[i]+pending[i], 0
			case errors.Is(result.Err, counter.ErrUnknown):
				inDoubt++
			default:
				refused++
			}
		}
	}
	for round := range 400 {
		proxy.SetFaults(redistest.Faults{LoseReplies: 0.06, LoseRequests: 0.03, Seed: uint64(round)})
		var undo []any
		switch rand.N(8) {
		case 0:
			do(t, admin, "script", "flush")
		case 1:
			do(t, admin, "config", "set", "maxmemory", 1)
			undo = []any{"config", "set", "maxmemory", 0}
		case 2:
			do(t, admin, "config", "set", "min-replicas-to-write", 1)
			undo = []any{"config", "set", "min-replicas-to-write", 0}
		case 3:
			do(t, admin, "replicaof", "127.0.0.1", 1)
			undo = []any{"replicaof", "no", "one"}
		case 4:
			if i := rand.IntN(counters); pending[i] == 0 {
				do(t, admin, "del", fmt.Sprintf("{c%d}:w", i)) // as if it had expired
			}
		}
		apply()
		if undo != nil {
			do(t, admin, undo...)
		}
	}
	proxy.SetFaults(redistest.Faults{})
	for range 50 {
		apply()
	}
	do(t, admin, "config", "resetstat")
	apply()
	if sent := calls(t, admin, "evalsha"); sent != 1 {
		t.Errorf("at the end batches take %d calls; want that they share one", sent)
	}
	if inDoubt == 0 || refused == 0 {
		t.Errorf("%d batches were in doubt and %d refused; want some of each", inDoubt, refused)
	}
	for i := range counters {
		total := sums[i]
		if value, err := store.Get(t.Context(), fmt.Sprint("c", i)); err == nil && value == total+pending[i] {
			total = value // the last one is still in doubt
		}
		text, day := fmt.Sprint(total), hour.Time().Format("2006-01-02")
		brace := fmt.Sprintf("{c%d}", i)
		if got := admin.Get(t.Context(), fmt.Sprint("c", i)).Val(); got != text {
			t.Errorf("c%d is %s; want %s", i, got, text)
		}
		for key, want := range map[string]map[string]string{
			day: {"03": text}, day[:7]: {day[8:]: text}, "months": {day[:7]: "1"},
		} {
			if got := admin.HGetAll(t.Context(), brace+key).Val(); !maps.Equal(got, want) {
				t.Errorf("%s%s has %v; want %v", brace, key, got, want)
			}
		}
		if admin.PTTL(t.Context(), brace+day).Val() <= 0 || admin.PTTL(t.Context(), brace+":w").Val() <= 0 {
			t.Errorf("the hours or the record of c%d do not expire", i)
		}
	}
}
