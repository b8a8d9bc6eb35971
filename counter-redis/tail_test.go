package counterredis_test

import (
	"context"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/coalesce"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// A failover to a replica that was behind, without waiting for replicas: additions that were
// acknowledged and lost come back with the next addition of the same writer, if the replica
// knows the writer. Numbers in between are given out twice.
func TestLostTail(t *testing.T) {
	t.Parallel()
	const before, lost = 200, 100 // additions of each writer, before and after the replica was cut off
	for name, test := range map[string]struct {
		writers int // that the replica knows of
		late    int // that began when it was cut off
		gone    int // of those it knows of, how many never add again
		missing int64
		twice   int // numbers
	}{
		"one writer":                           {writers: 1},
		"three writers":                        {writers: 3, twice: 2},
		"three writers, of which one is gone":  {writers: 3, gone: 1, missing: lost, twice: 2},
		"a writer that the replica never knew": {writers: 1, late: 1, missing: lost, twice: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := redistest.Start(t, "--appendonly", "no")
			replica := primary.Replica(t, "--appendonly", "no")
			site := newSite(t, primary)
			var writers []*coalesce.Store
			for range test.writers + test.late {
				writers = append(writers, site.newWriter(t))
			}
			known := writers[:test.writers]
			site.add(t, known, before)
			follower := replica.Client()
			for follower.Get(t.Context(), "a").Val() != strconv.Itoa(test.writers*before) {
				if t.Context().Err() != nil {
					t.Fatal("the replica does not follow")
				}
			}
			replica.CutReplication(t)
			site.add(t, writers, lost)

			primary.Kill()
			do(t, follower, "replicaof", "no", "one")
			site.moveTo(replica)
			wantCounter(t, replica, int64(test.writers)*before)

			site.add(t, writers[test.gone:], 1)
			wantCounter(t, replica, site.added-test.missing)
			t.Logf("%d additions were acknowledged, %d of them lost, %d numbers given out twice, %d never came back",
				site.added, lost*len(writers), site.twice, test.missing)
			if site.twice != test.twice {
				t.Errorf("%d numbers were given out twice; want %d", site.twice, test.twice)
			}
		})
	}
}

// site is writers whose one server is another after a failover.
type site struct {
	addr  atomic.Pointer[string]
	added int64
	given map[int64]bool
	twice int
}

func newSite(t *testing.T, server *redistest.Server) *site {
	t.Helper()
	s := &site{given: map[int64]bool{}}
	s.moveTo(server)
	return s
}

func (s *site) moveTo(server *redistest.Server) {
	addr := server.Addr()
	s.addr.Store(&addr)
}

func (s *site) newWriter(t *testing.T) *coalesce.Store {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		MaxRetries: -1, DialerRetries: 1,
		Dialer: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, *s.addr.Load())
		},
	})
	writer := coalesce.New(newStore(t, client, counterredis.Options{}), coalesce.Options{Wait: time.Minute})
	t.Cleanup(func() {
		_ = writer.Close() // what it holds is of no interest
		_ = client.Close()
	})
	return writer
}

// add has each writer add one, so many times, one after the other.
func (s *site) add(t *testing.T, writers []*coalesce.Store, times int) {
	t.Helper()
	for range times {
		for _, writer := range writers {
			number, err := counter.Inc(t.Context(), writer, "a")
			if err != nil {
				t.Fatal(err)
			}
			s.added++
			if s.given[number] {
				s.twice++
			}
			s.given[number] = true
		}
	}
}

func wantCounter(t *testing.T, server *redistest.Server, want int64) {
	t.Helper()
	if got, err := server.Client().Get(t.Context(), "a").Int64(); err != nil || got != want {
		t.Fatalf("the counter is %d, %v; want %d", got, err, want)
	}
}
