package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-core/countertest"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

const companion = "a companion"

// accompanied sends a batch of another counter along with each call.
type accompanied struct{ *counterredis.Store }

func (a accompanied) Apply(ctx context.Context, batches []counter.Batch) []counter.Result {
	if len(batches) == 0 {
		return a.Store.Apply(ctx, batches)
	}
	with := slices.Concat(batches, []counter.Batch{
		{Name: companion, Writer: strconv.FormatUint(rand.Uint64(), 36), Delta: 1, Sum: 1, Hour: batches[0].Hour},
	})
	return a.Store.Apply(ctx, with)[:len(batches)]
}

func (a accompanied) List(ctx context.Context, prefix string) iter.Seq2[counter.Entry, error] {
	return func(yield func(counter.Entry, error) bool) {
		for entry, err := range a.Store.List(ctx, prefix) {
			if entry.Name != companion && !yield(entry, err) {
				return
			}
		}
	}
}

// learn has the store find out that its batches may share a call.
func learn(t *testing.T, store *counterredis.Store) {
	t.Helper()
	wantApplied(t, store, manyBatches(2), 1)
}

// The contract holds for batches that share a call.
func TestBackendTogether(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "no")
	open := func(t *testing.T) countertest.Fixture {
		t.Helper()
		store := openWith(t, server.URL()+patient, counterredis.Options{})
		learn(t, store)
		return stallable(fixture(t, accompanied{store}, server.Client()), server)
	}
	countertest.RunBackend(t, open)
	countertest.RunHistorian(t, open)
}

// Many batches take a few calls, with a history and without.
func TestCallsAreShared(t *testing.T) {
	client, store := startStore(t)
	learn(t, store)
	batches := manyBatches(130)
	for i := range batches {
		batches[i].Name = fmt.Sprint(i)
		if i >= 100 {
			batches[i].Hour = today()
		}
	}
	wantApplied(t, store, batches, 1) // the script is loaded, too
	for i := range batches {
		batches[i].Sum++
	}
	do(t, client, "config", "resetstat")
	wantApplied(t, store, batches, 2)
	if sent := calls(t, client, "evalsha"); sent != 3 {
		t.Errorf("130 batches took %d calls; want 3", sent)
	}
}

// A batch that shares a call does the same to the server, and has the same result, as one with
// a call of its own, whatever was there before.
func TestTogetherIsAsAlone(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t, "--appendonly", "no").Client()
	together := newStore(t, client, counterredis.Options{Prefix: "t:"})
	alone := newStore(t, client, counterredis.Options{Prefix: "a:"})
	learn(t, together)
	left := 0
	for range 150 {
		begun := time.Now()
		do(t, client, "flushall")
		batches := make([]counter.Batch, 12)
		pipe := client.Pipeline()
		for i := range batches {
			batches[i] = drawBatch(fmt.Sprint(i))
			for _, prefix := range []string{"t:", "a:"} {
				draw := rand.New(rand.NewPCG(uint64(i), uint64(left))) // the same twice
				arrange(t, pipe, draw, prefix, batches[i])
			}
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		left++
		got := together.Apply(t.Context(), batches)
		for i, batch := range batches {
			want := alone.Apply(t.Context(), []counter.Batch{batch})[0]
			same := (got[i].Err == nil) == (want.Err == nil)
			if want.Err != nil {
				same = strings.ReplaceAll(fmt.Sprint(got[i].Err), "t:", "a:") == want.Err.Error()
			}
			if !same || got[i].Total != want.Total || got[i].Healed != want.Healed {
				t.Errorf("%+v: %+v; alone it is %+v", batch, got[i], want)
			}
		}
		if got, want := dump(t, client, "t:", begun), dump(t, client, "a:", begun); !maps.Equal(got, want) {
			t.Fatalf("%+v leave\n%v; alone they leave\n%v", batches, got, want)
		}
	}
}

// drawBatch returns a batch to the counter, which is most often one that follows the sum 10.
func drawBatch(name string) counter.Batch {
	batch := counter.Batch{Name: name, Writer: "w", Delta: 1 + rand.Int64N(3), Sum: 10}
	batch.Sum += batch.Delta
	switch rand.N(8) {
	case 0:
		batch.Sum += rand.Int64N(9)
	case 1:
		batch.Delta = 0
	case 2:
		batch.Delta = counter.MaxSum + 5
		batch.Sum = batch.Delta
	}
	batch.Hour = today() + 3
	if rand.N(8) == 0 {
		batch.Hour = 0
	}
	return batch
}

// arrange prepares what the batch will meet.
func arrange(t *testing.T, pipe redis.Pipeliner, draw *rand.Rand, prefix string, batch counter.Batch) {
	t.Helper()
	key := prefix + batch.Name
	day := batch.Hour.Time().Format(time.DateOnly)
	if draw.IntN(4) > 0 {
		record := []string{"10:40", "10:-3", "13:40", "7:40", "11:40", "text", "9007199254740999:1"}[max(0, draw.IntN(12)-5)]
		pipe.Do(t.Context(), "set", "{"+key+"}:w", record, "ex", 3600) // as each try writes it
	}
	switch draw.IntN(8) {
	case 0:
		pipe.Do(t.Context(), "set", key, []any{int64(math.MaxInt64), int64(math.MaxInt64 - 2), int64(counter.MaxSum - 1), int64(-counter.MaxSum - 2), "text"}[draw.IntN(5)])
	case 1:
		pipe.Do(t.Context(), "rpush", key, "x")
	case 2:
		pipe.Do(t.Context(), "set", key, 5, "ex", 1000)
	case 3:
		pipe.Do(t.Context(), "set", key, 40)
	}
	switch draw.IntN(10) {
	case 0:
		pipe.Do(t.Context(), "set", "{"+key+"}"+day[:7], "x")
	case 1:
		pipe.Do(t.Context(), "set", "{"+key+"}"+day, "x")
	case 2:
		pipe.Do(t.Context(), "set", "{"+key+"}months", "x")
	case 3:
		pipe.Do(t.Context(), "hset", "{"+key+"}"+day, "03", "text")
	case 4:
		pipe.Do(t.Context(), "hset", "{"+key+"}"+day, "03", int64(math.MaxInt64))
	case 5:
		pipe.Do(t.Context(), "hset", "{"+key+"}"+day[:7], day[8:], 4)
	}
}

// dump returns what the server has under the prefix, without the prefix: values and, in
// steps of half an hour, how long after the given time they expire.
func dump(t *testing.T, client *redis.Client, prefix string, begun time.Time) map[string]string {
	t.Helper()
	all := keys(t, client, prefix+"*")
	all = append(all, keys(t, client, "{"+prefix+"*")...)
	pipe := client.Pipeline()
	var types []*redis.StatusCmd
	var expiries []*redis.DurationCmd
	for _, key := range all {
		types = append(types, pipe.Type(t.Context(), key))
		expiries = append(expiries, pipe.PExpireTime(t.Context(), key))
	}
	run := func() {
		t.Helper()
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	run()
	values := make([]func() any, len(all))
	for i, key := range all {
		switch types[i].Val() {
		case "hash":
			values[i] = later(pipe.HGetAll(t.Context(), key).Val) // printed in the order of its keys
		case "list":
			values[i] = later(pipe.LRange(t.Context(), key, 0, -1).Val)
		default:
			values[i] = later(pipe.Get(t.Context(), key).Val)
		}
	}
	run()
	has := map[string]string{}
	for i, key := range all {
		life := expiries[i].Val()
		if life > 0 {
			life = (life - time.Duration(begun.UnixNano())).Round(30 * time.Minute) // so that a test's own time does not matter
		}
		has[strings.Replace(key, prefix, "", 1)] = fmt.Sprintf("%v, expires in %v", values[i](), life)
	}
	return has
}

// A counter of exactly 0 that expires is as it was after a batch that was taken back, alone or with others.
func TestExpiringZeroIsTakenBack(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	setUser(t, admin, "~*", "+@all")
	store := connect(t, &redis.Options{Addr: server.Addr(), Username: "limited", Password: "s3cret"})
	learn(t, store)
	do(t, admin, "set", "{zero}:stale", "9:9")
	for _, test := range []struct {
		rules, writer string
		batches       int // in a call
	}{
		{"+@all", "stale", 2},
		{"-set", "w", 2},
		{"-set", "w", 1},
	} {
		setUser(t, admin, "~*", "+@all", test.rules)
		do(t, admin, "set", "zero", 0, "ex", 1000)
		batches := []counter.Batch{{Name: "zero", Writer: test.writer, Delta: 1, Sum: 1}, {Name: "b", Writer: test.writer, Delta: 1, Sum: 1}}
		if err := store.Apply(t.Context(), batches[:test.batches])[0].Err; err == nil {
			t.Errorf("%+v: it is applied", test)
		}
		if got, life := admin.Get(t.Context(), "zero").Val(), admin.TTL(t.Context(), "zero").Val(); got != "0" || life <= 0 {
			t.Errorf("%+v: the counter is %q and expires in %v; want 0 as before", test, got, life)
		}
	}
}

// later returns the value that a command has once it is sent.
func later[T any](value func() T) func() any { return func() any { return value() } }

// Behind a proxy for several servers, each batch has a call of its own.
func TestSpreadKeysShareNoCall(t *testing.T) {
	for name, reply := range map[string]func(key string) string{
		"several servers": func(key string) string { return "$1\r\n" + strconv.Itoa(len(key)%2) },
		"a Cluster":       func(string) string { return "$0\r\n" },
		"not permitted":   func(string) string { return "-NOPERM this user has no permissions to run the 'info' command" },
	} {
		t.Run(name, func(t *testing.T) {
			store := counting(t, reply, "")
			for range 3 {
				wantApplied(t, store, manyBatches(12), 1)
			}
		})
	}
}

// A server that says it is one and refuses what is shared is sent each batch alone. If nobody
// knows what it has done, the batches are in doubt first.
func TestSharedCallIsRefused(t *testing.T) {
	for refusal, doubt := range map[string]bool{
		"-CROSSSLOT Keys in request don't hash to the same slot": false,
		"-MOVED 1 127.0.0.1:1":                                             false,
		"-NOPERM No permissions to access a key":                           false,
		"-ERR bad lua script for redis cluster, all the keys should be in": true,
		"+OK": true,
	} {
		t.Run(refusal, func(t *testing.T) {
			store := counting(t, func(string) string { return "$1\r\n1" }, refusal)
			wantApplied(t, store, manyBatches(3), 1) // asks
			for _, result := range store.Apply(t.Context(), manyBatches(3)) {
				if doubt != errors.Is(result.Err, counter.ErrUnknown) || doubt != (result.Err != nil) {
					t.Errorf("%+v; want that it is in doubt: %t", result, doubt)
				}
			}
			if refusal == "+OK" {
				return // never seen: a server that runs scripts, and other ones than it was sent
			}
			wantApplied(t, store, manyBatches(3), 1)
		})
	}
}

// counting returns a store on a Redis that says where a key is, counts to 1, and has
// another reply to shared calls.
func counting(t *testing.T, which func(key string) string, shared string) *counterredis.Store {
	t.Helper()
	return connect(t, &redis.Options{Addr: answerWith(t, func(words []string) string {
		switch {
		case words[0] == "hello":
			return "-ERR unknown command"
		case words[0] == "eval":
			return which(words[3])
		case words[0] == "evalsha" && words[2] != "2":
			if shared == "" {
				t.Errorf("%q is a call for several counters", words)
			}
			return shared
		case words[0] == "evalsha":
			return "$3\r\n1:0"
		default:
			return "+OK"
		}
	})})
}

// If the user may not use one of the counters, the others are still added to.
func TestOneOfManyIsForbidden(t *testing.T) {
	server := redistest.Start(t)
	setUser(t, server.Client(), "~many:*", "~{many:*", "+@all")
	store := connect(t, &redis.Options{Addr: server.Addr(), Username: "limited", Password: "s3cret"})
	learn(t, store)
	batches := manyBatches(5)
	batches[3].Name = "other"
	for i, result := range store.Apply(t.Context(), batches) {
		if i == 3 {
			wantRefusal(t, "Apply", result.Err, nil, "NOPERM")
		} else if result.Err != nil || result.Total != 1 {
			t.Errorf("%q: %+v; want the total 1", batches[i].Name, result)
		}
	}
}

// A batch that needs a call of its own and whose caller is gone has changed nothing.
func TestLeftAtTheEnd(t *testing.T) {
	client := redistest.Start(t).Client()
	slow := redis.NewClient(client.Options())
	store := borrow(t, slow)
	learn(t, store)
	wantApplied(t, store, []counter.Batch{{Name: "c", Writer: "w", Delta: 1, Sum: 1}, {Name: "d", Writer: "w", Delta: 1, Sum: 1}}, 1) // loaded
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slow.AddHook(after(cancel))
	do(t, client, "set", "{a}:w", "3:0")
	results := store.Apply(ctx, []counter.Batch{{Name: "a", Writer: "w", Delta: 1, Sum: 9}, {Name: "b", Writer: "w", Delta: 1, Sum: 1}})
	if err := results[0].Err; !errors.Is(err, context.Canceled) || errors.Is(err, counter.ErrUnknown) {
		t.Errorf("the batch that was left: %v; want %v", err, context.Canceled)
	}
	if results[1].Err != nil {
		t.Errorf("the other batch: %v", results[1].Err)
	}
	if client.Exists(t.Context(), "a").Val() != 0 {
		t.Error("the batch that was left is counted")
	}
}

// A user without permission for a counter whose key was asked for learns from another one.
func TestForbiddenKeyIsAskedFor(t *testing.T) {
	server := redistest.Start(t)
	setUser(t, server.Client(), "~many:*", "~{many:*", "~a", "~{a}:*", "+@all")
	store := connect(t, &redis.Options{Addr: server.Addr(), Username: "limited", Password: "s3cret"})
	batches := slices.Concat([]counter.Batch{{Name: "a", Writer: "w", Delta: 1, Sum: 1}}, manyBatches(4))
	wantApplied(t, store, batches, 1)
	slices.Reverse(batches)
	wantApplied(t, store, batches, 1)
	do(t, server.Client(), "config", "resetstat")
	for i := range batches {
		batches[i].Sum++
	}
	wantApplied(t, store, batches, 2)
	if sent := calls(t, server.Client(), "evalsha"); sent != 1 {
		t.Errorf("the batches took %d calls; want that they share one", sent)
	}
}
