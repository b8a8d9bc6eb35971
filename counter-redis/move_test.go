package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// startServer starts a server that moves counters in one step, or one that has them in
// different slots, as a Cluster has, so that it can't.
func startServer(t *testing.T, stepwise bool) *redis.Client {
	t.Helper()
	if !stepwise {
		return redistest.Start(t, "--appendonly", "no").Client()
	}
	client := redistest.Start(t, "--appendonly", "no", "--cluster-enabled", "yes").Client()
	do(t, client, "cluster", "addslotsrange", 0, 16383)
	for !strings.Contains(client.ClusterInfo(t.Context()).Val(), "cluster_state:ok") {
		time.Sleep(time.Millisecond)
	}
	return client
}

// world is what two counters have.
type world struct {
	from, to               int64
	fromHistory, toHistory []counter.Bucket
	fromA, toA, toB        int64 // the sources
}

func look(t *testing.T, store *counterredis.Store) (w world) {
	t.Helper()
	for name, into := range map[string]*int64{"from": &w.from, "to": &w.to} {
		value, err := store.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		*into = value
	}
	w.fromHistory = history(t, store, "from", 0, counter.MaxHour)
	w.toHistory = history(t, store, "to", 0, counter.MaxHour)
	for _, source := range []struct {
		of, name string
		into     *int64
	}{{"from", "a", &w.fromA}, {"to", "a", &w.toA}, {"to", "b", &w.toB}} {
		total, err := store.Brought(t.Context(), source.of, source.name)
		if err != nil {
			t.Fatal(err)
		}
		*source.into = total
	}
	return w
}

func (w world) equal(other world) bool {
	return fmt.Sprint(w) == fmt.Sprint(other)
}

// fill makes two counters with histories and sources. It returns what there is before and
// after they are moved.
func fill(t *testing.T, client *redis.Client, store *counterredis.Store) (before, after world) {
	t.Helper()
	do(t, client, "flushall")
	now := today()
	for _, part := range []struct {
		name, source string
		total        int64
		past         []counter.Bucket
	}{
		{"from", "a", 100, []counter.Bucket{days(0, 40), hours(now, 5), hours(now-24, 6)}},
		{"to", "a", 70, []counter.Bucket{days(0, 1), hours(now, 7), hours(now+1, 8)}},
		{"to", "b", 7, nil},
	} {
		if added, err := store.Bring(t.Context(), part.name, part.source, part.total, part.past); added != part.total || err != nil {
			t.Fatalf("Bring = %d, %v", added, err)
		}
	}
	applyAt(t, store, "from", now, 3, 3)
	before = look(t, store)
	want := world{
		from: 103, fromHistory: []counter.Bucket{days(0, 40), hours(now-24, 6), hours(now, 8)}, fromA: 100,
		to: 77, toHistory: []counter.Bucket{days(0, 1), hours(now, 7), hours(now+1, 8)}, toA: 70, toB: 7,
	}
	if !before.equal(want) {
		t.Fatalf("there is %+v; want %+v", before, want)
	}
	return before, world{
		to: 180, toHistory: []counter.Bucket{days(0, 41), hours(now-24, 6), hours(now, 15), hours(now+1, 8)}, toA: 100, toB: 7,
	}
}

// each runs the test with counters in one slot and in two.
func each(t *testing.T, test func(t *testing.T, client *redis.Client)) {
	t.Helper()
	for _, stepwise := range []bool{false, true} {
		t.Run(fmt.Sprintf("stepwise %t", stepwise), func(t *testing.T) {
			t.Parallel()
			test(t, startServer(t, stepwise))
		})
	}
}

// wantGone fails if anything is left of the counter that was moved but its writer's record.
func wantGone(t *testing.T, client *redis.Client) {
	t.Helper()
	for _, key := range braced(t, client) {
		if strings.HasPrefix(key, "{from}") && key != "{from}:w" {
			t.Errorf("after Move there is %q", key)
		}
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		store := newStore(t, client, counterredis.Options{})
		_, after := fill(t, client, store)
		for range 2 {
			move(t, store, "from", "to")
			if got := look(t, store); !got.equal(after) {
				t.Errorf("after Move there is %+v; want %+v", got, after)
			}
		}
		wantGone(t, client)
		for _, key := range braced(t, client) {
			if strings.Contains(key, "moved") && client.TTL(t.Context(), key).Val() <= 0 {
				t.Errorf("%q does not expire", key)
			}
		}
	})
}

// What the other counter can't have stays where it is.
func TestMoveRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		store := newStore(t, client, counterredis.Options{})
		for name, test := range map[string]struct {
			prepare []any
			want    error
		}{
			"the sum is too large": {[]any{"set", "to", int64(math.MaxInt64)}, counter.ErrOverflow},
			"a day is too large":   {[]any{"hset", "{to}1970-01", "01", int64(math.MaxInt64)}, counter.ErrOverflow},
			"an hour is too large": {[]any{"hset", "{to}" + today().Time().Format("2006-01-02"), "00", int64(math.MaxInt64)}, counter.ErrOverflow},
			"a list":               {[]any{"rpush", "to", 1}, counter.ErrType},
			"a text":               {[]any{"set", "to", "x"}, counter.ErrType},
			"no hash":              {[]any{"set", "{to}1970-01", "x"}, counter.ErrType},
		} {
			before, _ := fill(t, client, store)
			do(t, client, "del", "to", "{to}1970-01", test.prepare[1])
			do(t, client, test.prepare...)
			for range 2 {
				if err := store.Move(t.Context(), "from", "to"); !errors.Is(err, test.want) {
					t.Errorf("%s: %v; want %v", name, err, test.want)
				}
			}
			do(t, client, "del", "to")
			got := look(t, store)
			if got.from != before.from || !slices.Equal(got.fromHistory, before.fromHistory) || got.fromA != before.fromA || got.toA != 70 {
				t.Errorf("%s: there is %+v; it was %+v", name, got, before)
			}
		}
		for _, command := range [][]any{{"rpush", "from", 1}, {"set", "from", "x"}} {
			do(t, client, "flushall")
			do(t, client, command...)
			if err := store.Move(t.Context(), "from", "to"); !errors.Is(err, counter.ErrType) {
				t.Errorf("Move after %q: %v", command, err)
			}
		}
	})
}

// dying is a process that ends at its n-th command, from 1, before or after the server has got
// it. Its send is a hook.
type dying struct {
	mu       sync.Mutex
	at, sent int
	after    bool
}

// interrupt has it end after so many commands, until resume is called.
func (d *dying) interrupt(t *testing.T, steps int) (resume func()) {
	t.Helper()
	d.dieAt(steps/2+1, steps%2 == 1)
	return func() { d.dieAt(0, false) }
}

// dieAt sets when it ends; 0 is never.
func (d *dying) dieAt(at int, after bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.sent, d.after = at, 0, after
}

// next reports whether the process survives the next command, and if not, whether the server
// gets that.
func (d *dying) next() (lives, arrives bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent++
	return d.at == 0 || d.sent < d.at, d.sent == d.at && d.after
}

func (d *dying) send(ctx context.Context, cmd redis.Cmder, send redis.ProcessHook) error {
	lives, arrives := d.next()
	if lives {
		return send(ctx, cmd)
	}
	if arrives {
		_ = send(ctx, cmd)
	}
	cmd.SetErr(io.EOF)
	return io.EOF
}

// The process ends at each of the steps in turn. Another goes on, at once or after the
// counter has counted again, and nothing is counted twice or lost.
func TestMoveDies(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		healthy := newStore(t, client, counterredis.Options{})
		for _, full := range []bool{false, true} {
			for at := 1; ; at++ {
				died := false
				for _, after := range []bool{false, true} {
					for _, also := range []string{"to", "elsewhere"} {
						name := fmt.Sprintf("full %t, at %d, after %t, then to %s", full, at, after, also)
						before, moved := fill(t, client, healthy)
						if full {
							do(t, client, "set", "to", int64(math.MaxInt64))
						}
						death := &dying{at: at, after: after}
						mortal := borrow(t, redis.NewClient(client.Options()), hook(death.send))
						err := mortal.Move(t.Context(), "from", "to")
						died = death.sent >= at
						if died && at == 1 && err == nil {
							t.Errorf("%s: Move = nil", name)
						}
						if full {
							do(t, client, "set", "to", before.to)
						}
						if also == "elsewhere" { // first completes the other move, as far as it went
							move(t, healthy, "from", also)
							move(t, healthy, also, "to")
						}
						move(t, healthy, "from", "to")
						if got := look(t, healthy); !got.equal(moved) {
							t.Errorf("%s: there is %+v; want %+v", name, got, moved)
						}
						wantGone(t, client)
					}
				}
				if !died {
					break
				}
			}
		}
	})
}

// A mover that has read an intent and comes late, after others have completed the move,
// changes nothing.
func TestMoveComesLate(t *testing.T) {
	t.Parallel()
	client := startServer(t, true)
	healthy := newStore(t, client, counterredis.Options{})
	for at := 2; at <= 5; at++ {
		_, moved := fill(t, client, healthy)
		sent := 0
		slow := borrow(t, redis.NewClient(client.Options()), hook(func(ctx context.Context, cmd redis.Cmder, send redis.ProcessHook) error {
			if sent++; sent == at {
				if err := healthy.Move(ctx, "from", "to"); err != nil {
					t.Error(err)
				}
			}
			return send(ctx, cmd)
		}))
		if err := slow.Move(t.Context(), "from", "to"); err != nil {
			t.Errorf("at %d: %v", at, err)
		}
		if got := look(t, healthy); !got.equal(moved) {
			t.Errorf("at %d there is %+v; want %+v", at, got, moved)
		}
	}
}

// Counters are moved to and fro by several, while they count: nothing is lost or counted twice.
func TestMoveWhileCounting(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		store := newStore(t, client, counterredis.Options{})
		const adds = 300
		names := []string{"a", "b", "c"}
		var counting, moving sync.WaitGroup
		moved, stop := context.WithCancel(t.Context())
		for w, name := range names {
			counting.Go(func() {
				for i := range int64(adds) {
					batch := counter.Batch{Name: name, Writer: "w", Delta: 1, Sum: i + 1, Hour: today() + counter.Hour(i%counter.DayHours)}
					if err := store.Apply(context.WithoutCancel(moved), []counter.Batch{batch})[0].Err; err != nil {
						t.Error(err)
					}
				}
			})
			moving.Go(func() {
				for moved.Err() == nil {
					for _, to := range []string{names[(w+1)%3], names[(w+2)%3]} {
						if err := store.Move(context.WithoutCancel(moved), name, to); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		counting.Wait()
		stop()
		moving.Wait()
		var value, sum int64
		for _, name := range names {
			got, err := store.Get(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			value += got
			sum += inHistory(t, store, name)
		}
		if value != 3*adds || sum != 3*adds {
			t.Errorf("the counters have %d, their histories %d; want %d", value, sum, 3*adds)
		}
	})
}

func TestMoveInCluster(t *testing.T) {
	t.Parallel()
	_, store := startClusterStore(t)
	now := today()
	for i := range 20 {
		from, to := fmt.Sprint("from", i), fmt.Sprint("to", i)
		applyAt(t, store, from, now, 3, 3)
		applyAt(t, store, to, now, 4, 4)
		move(t, store, from, to)
		wantGet(t, store, from, 0)
		wantGet(t, store, to, 7)
		wantHistory(t, store, to, 0, counter.MaxHour, hours(now, 7))
	}
}
