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
	for name, into := range map[string]*[]counter.Bucket{"from": &w.fromHistory, "to": &w.toHistory} {
		for bucket, err := range store.History(t.Context(), name, 0, counter.MaxHour) {
			if err != nil {
				t.Fatal(err)
			}
			*into = append(*into, bucket)
		}
	}
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
		t.Run(fmt.Sprintf("stepwise %t", stepwise), func(t *testing.T) { test(t, startServer(t, stepwise)) })
	}
}

func TestMove(t *testing.T) {
	each(t, func(t *testing.T, client *redis.Client) {
		t.Helper()
		store := newStore(t, client, counterredis.Options{})
		_, after := fill(t, client, store)
		for range 2 {
			if err := store.Move(t.Context(), "from", "to"); err != nil {
				t.Fatal(err)
			}
			if got := look(t, store); !got.equal(after) {
				t.Errorf("after Move there is %+v; want %+v", got, after)
			}
		}
		for _, key := range braced(t, client) {
			if strings.HasPrefix(key, "{from}") && key != "{from}:w" {
				t.Errorf("after Move there is %q", key)
			}
			if strings.Contains(key, "moved") && client.TTL(t.Context(), key).Val() <= 0 {
				t.Errorf("%q does not expire", key)
			}
		}
		// A batch that is repeated after it counts no more.
		applyAt(t, store, "from", today(), 3, 3)
		wantGet(t, store, "from", 0)
		// The way back, with what came in between, to a name that is new.
		applyAt(t, store, "to", today(), 1, 1)
		if err := store.Move(t.Context(), "to", "{new}"); err != nil {
			t.Fatal(err)
		}
		wantGet(t, store, "{new}", 181)
		if err := store.Set(t.Context(), "{new}", -3); err != nil {
			t.Fatal(err)
		}
		if err := store.Move(t.Context(), "{new}", "from"); err != nil {
			t.Fatal(err)
		}
		wantGet(t, store, "from", -3)
		for _, names := range [][2]string{{"a", "a"}, {"", "a"}, {"a", ""}} {
			if err := store.Move(t.Context(), names[0], names[1]); !errors.Is(err, counter.ErrName) {
				t.Errorf("Move of %q: %v; want %v", names, err, counter.ErrName)
			}
		}
	})
}

// What the other counter can't have stays where it is.
func TestMoveRefused(t *testing.T) {
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
		do(t, client, "flushall")
		do(t, client, "rpush", "from", 1)
		if err := store.Move(t.Context(), "from", "to"); !errors.Is(err, counter.ErrType) {
			t.Errorf("Move of a list: %v", err)
		}
		do(t, client, "set", "from", "x")
		if err := store.Move(t.Context(), "from", "to"); !errors.Is(err, counter.ErrType) {
			t.Errorf("Move of a text: %v", err)
		}
	})
}

// dying is a hook of a client whose process ends at its n-th command, from 1, before or after
// the server has got it.
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

// send reports whether the process survives the next command, and if not, whether the server
// gets that.
func (d *dying) send() (lives, arrives bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent++
	return d.at == 0 || d.sent < d.at, d.sent == d.at && d.after
}

func (*dying) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *dying) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		lives, arrives := d.send()
		if lives {
			return next(ctx, cmd)
		}
		if arrives {
			_ = next(ctx, cmd)
		}
		cmd.SetErr(io.EOF)
		return io.EOF
	}
}

func (*dying) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// The process ends at each of the steps in turn. Another goes on, at once or after the
// counter has counted again, and nothing is counted twice or lost.
func TestMoveDies(t *testing.T) {
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
						mortal := redis.NewClient(client.Options())
						hook := &dying{at: at, after: after}
						mortal.AddHook(hook)
						err := newStore(t, mortal, counterredis.Options{}).Move(t.Context(), "from", "to")
						died = hook.sent >= at
						if err := mortal.Close(); err != nil {
							t.Fatal(err)
						}
						if died && at == 1 && err == nil {
							t.Errorf("%s: Move = nil", name)
						}
						if full {
							do(t, client, "set", "to", before.to)
						}
						if also == "elsewhere" { // first completes the other move, as far as it went
							if err := healthy.Move(t.Context(), "from", also); err != nil {
								t.Fatalf("%s: %v", name, err)
							}
							if err := healthy.Move(t.Context(), also, "to"); err != nil {
								t.Fatalf("%s: %v", name, err)
							}
						}
						if err := healthy.Move(t.Context(), "from", "to"); err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						if got := look(t, healthy); !got.equal(moved) {
							t.Errorf("%s: there is %+v; want %+v", name, got, moved)
						}
						for _, key := range braced(t, client) {
							if strings.HasPrefix(key, "{from}") && key != "{from}:w" {
								t.Errorf("%s: there is %q", name, key)
							}
						}
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
	client := startServer(t, true)
	healthy := newStore(t, client, counterredis.Options{})
	for at := 2; at <= 5; at++ {
		_, moved := fill(t, client, healthy)
		slow := redis.NewClient(client.Options())
		hook := &pausing{at: at, do: func() {
			if err := healthy.Move(t.Context(), "from", "to"); err != nil {
				t.Error(err)
			}
		}}
		slow.AddHook(hook)
		if err := newStore(t, slow, counterredis.Options{}).Move(t.Context(), "from", "to"); err != nil {
			t.Errorf("at %d: %v", at, err)
		}
		if got := look(t, healthy); !got.equal(moved) {
			t.Errorf("at %d there is %+v; want %+v", at, got, moved)
		}
		if err := slow.Close(); err != nil {
			t.Error(err)
		}
	}
}

// pausing is a hook that does something before the n-th command.
type pausing struct {
	at, sent int
	do       func()
}

func (*pausing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (p *pausing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if p.sent++; p.sent == p.at {
			p.do()
		}
		return next(ctx, cmd)
	}
}

func (*pausing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Counters are moved to and fro by several, while they count: nothing is lost or counted twice.
func TestMoveWhileCounting(t *testing.T) {
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
			for bucket, err := range store.History(t.Context(), name, 0, counter.MaxHour) {
				if err != nil {
					t.Fatal(err)
				}
				sum += bucket.Count
			}
		}
		if value != 3*adds || sum != 3*adds {
			t.Errorf("the counters have %d, their histories %d; want %d", value, sum, 3*adds)
		}
	})
}

func TestMoveInCluster(t *testing.T) {
	servers := startCluster(t)
	store := open(t, servers[0].URL()+patient+"&addr="+servers[1].Addr())
	for i := range 20 {
		from, to := fmt.Sprint("from", i), fmt.Sprint("to", i)
		applyAt(t, store, from, today(), 3, 3)
		applyAt(t, store, to, today(), 4, 4)
		if err := store.Move(t.Context(), from, to); err != nil {
			t.Fatal(err)
		}
		wantGet(t, store, from, 0)
		wantGet(t, store, to, 7)
		wantHistory(t, store, to, 0, counter.MaxHour, hours(today(), 7))
	}
}

func TestBring(t *testing.T) {
	client := redistest.Start(t).Client()
	store := newStore(t, client, counterredis.Options{})
	now := today()
	bring := func(source string, total, want int64, past ...counter.Bucket) {
		t.Helper()
		before, err := store.Brought(t.Context(), "a", source)
		if err != nil || max(total-before, 0) != want {
			t.Errorf("Brought = %d, %v; want %d less than %d", before, err, want, total)
		}
		if added, err := store.Bring(t.Context(), "a", source, total, past); added != want || err != nil {
			t.Errorf("Bring(%q, %d) = %d, %v; want %d", source, total, added, err, want)
		}
	}
	bring("old", 0, 0)
	bring("old", 10, 10, hours(now, 3), days(24, 4))
	bring("old", 10, 0, hours(now, 3))
	bring("old", 9, 0)
	bring("old", 12, 2, hours(now, 3))
	bring(`"} other`, 5, 5, hours(now, 5))
	wantGet(t, store, "a", 17)
	wantHistory(t, store, "a", 0, counter.MaxHour, days(24, 4), hours(now, 8))
	for name, err := range map[string]error{
		"of a negative total": bringError(t, store, "s", -1),
		"of too much past":    bringError(t, store, "s", 2, hours(now, 3)),
	} {
		if !errors.Is(err, counter.ErrDelta) {
			t.Errorf("Bring %s: %v; want %v", name, err, counter.ErrDelta)
		}
	}
	if err := bringError(t, store, "full", math.MaxInt64, hours(now, 1)); !errors.Is(err, counter.ErrOverflow) {
		t.Errorf("Bring of too much: %v; want %v", err, counter.ErrOverflow)
	}
	wantGet(t, store, "a", 17)
	wantHistory(t, store, "a", 0, counter.MaxHour, days(24, 4), hours(now, 8))
	bring("full", 1, 1)
	if err := store.Set(t.Context(), "a", 0); err != nil {
		t.Fatal(err)
	}
	if keys := braced(t, client); len(keys) > 0 {
		t.Errorf("after Set to 0 there are %q", keys)
	}
	bring("old", 10, 10)
	do(t, client, "hset", "{a}sources", "bad", "x")
	if err := bringError(t, store, "bad", 3); !errors.Is(err, counter.ErrRecord) {
		t.Errorf("Bring over a malformed record: %v; want %v", err, counter.ErrRecord)
	}
}

func bringError(t *testing.T, store *counterredis.Store, source string, total int64, past ...counter.Bucket) error {
	t.Helper()
	_, err := store.Bring(t.Context(), "a", source, total, past)
	return err
}

// Several bring from one source at the same time, and one of them dies at each step.
func TestBringOnce(t *testing.T) {
	client := redistest.Start(t).Client()
	store := newStore(t, client, counterredis.Options{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var sum int64
	for total := range int64(20) {
		wg.Go(func() {
			added, err := store.Bring(t.Context(), "a", "old", total, nil)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			sum += added
		})
	}
	wg.Wait()
	wantGet(t, store, "a", 19)
	if sum != 19 {
		t.Errorf("Bring added %d in all; want 19", sum)
	}
	for at := 1; at <= 2; at++ {
		for _, after := range []bool{false, true} {
			do(t, client, "flushall")
			mortal := redis.NewClient(client.Options())
			mortal.AddHook(&dying{at: at, after: after})
			if err := bringError(t, newStore(t, mortal, counterredis.Options{}), "old", 5, hours(today(), 2)); err == nil {
				t.Errorf("Bring that dies at %d: nil", at)
			}
			if err := mortal.Close(); err != nil {
				t.Error(err)
			}
			if err := bringError(t, store, "old", 5, hours(today(), 2)); err != nil {
				t.Error(err)
			}
			wantGet(t, store, "a", 5)
			wantHistory(t, store, "a", 0, counter.MaxHour, hours(today(), 2))
		}
	}
}
