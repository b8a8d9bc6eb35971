package counterredis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// Writers count through a line that loses requests and replies, several counters
// at a time. Each repeats what has no answer until it has one.
func TestApplyThroughLossyLine(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	proxy := redistest.StartProxy(t, server.Addr())
	store := borrow(t, redis.NewClient(&redis.Options{Addr: proxy.Addr(), DisableIdentity: true, Protocol: 2}))
	learn(t, store)
	do(t, server.Client(), "flushall")
	proxy.SetFaults(redistest.Faults{LoseRequests: 0.05, LoseReplies: 0.2, Seed: 1})

	const writers, batches = 4, 250
	var seen sync.Map
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range int64(batches) {
				doubted := []counter.Batch{
					{Name: "common", Writer: fmt.Sprint(w), Delta: 1, Sum: i + 1, Hour: today()},
					{Name: fmt.Sprint(w), Writer: "w", Delta: i, Sum: i * (i + 1) / 2, Hour: today() + counter.Hour(i%3)},
					{Name: fmt.Sprint(w, "b"), Writer: "w", Delta: 2, Sum: 2 * (i + 1), Hour: today()},
				}
				for len(doubted) > 0 {
					var again []counter.Batch
					for j, result := range store.Apply(t.Context(), doubted) {
						switch {
						case result.Err != nil && !final(result.Err): // lost, or not sent
							again = append(again, doubted[j])
						case result.Err != nil:
							t.Errorf("Apply(%+v): %v", doubted[j], result.Err)
							return
						case doubted[j].Name == "common":
							if _, twice := seen.LoadOrStore(result.Total, true); twice {
								t.Errorf("the total %d is returned twice", result.Total)
							}
						}
					}
					doubted = again
				}
			}
		})
	}
	wg.Wait()

	want := map[string]int64{"common": writers * batches}
	for w := range writers {
		want[fmt.Sprint(w)] = batches * (batches - 1) / 2
		want[fmt.Sprint(w, "b")] = 2 * batches
	}
	direct := newStore(t, server.Client(), counterredis.Options{})
	wantList(t, direct, want)
	for name, total := range want {
		if sum := inHistory(t, direct, name); sum != total {
			t.Errorf("the history of %q has %d; want %d", name, sum, total)
		}
	}
}

// final reports whether [counter.Result] says that a repeat is useless.
func final(err error) bool {
	return slices.ContainsFunc([]error{
		counter.ErrStale, counter.ErrRecord, counter.ErrOverflow, counter.ErrType, counter.ErrName, counter.ErrDelta, counter.ErrClosed,
	}, func(is error) bool { return errors.Is(err, is) })
}

// The server loses the script again and again: nobody notices.
func TestApplyWhileScriptsAreFlushed(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "no")
	other := server.Client()
	store := newStore(t, server.Client(), counterredis.Options{})
	const writers, batches = 8, 100
	flushing, stop := context.WithCancel(t.Context())
	var flusher, wg sync.WaitGroup
	flusher.Go(func() {
		for flushing.Err() == nil {
			other.ScriptFlush(flushing)
		}
	})
	for w := range writers {
		wg.Go(func() {
			for i := range int64(batches) {
				one := []counter.Batch{{Name: "a", Writer: fmt.Sprint(w), Delta: 1, Sum: i + 1}}
				two := []counter.Batch{
					{Name: "b", Writer: fmt.Sprint(w), Delta: 2, Sum: 2 * (i + 1)},
					{Name: "c", Writer: fmt.Sprint(w), Delta: 3, Sum: 3 * (i + 1)},
				}
				for _, result := range append(store.Apply(t.Context(), one), store.Apply(t.Context(), two)...) {
					if result.Err != nil || result.Healed != 0 {
						t.Errorf("Apply: %+v", result)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	stop()
	flusher.Wait()
	wantList(t, store, map[string]int64{"a": writers * batches, "b": 2 * writers * batches, "c": 3 * writers * batches})
	if got := calls(t, other, "eval"); got == 0 {
		t.Error("the script was never lost")
	}
}

// A pipeline whose connection fails at its login has no error on its commands.
func TestApplyWithFailingLogin(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "other")
	store := connect(t, &redis.Options{Addr: server.Addr(), Password: "s3cret"})
	for n := 1; n <= 3; n++ {
		for _, result := range store.Apply(t.Context(), manyBatches(n)) {
			wantRefusal(t, "Apply", result.Err, nil, "WRONGPASS")
		}
	}
}

// A hook that sends nothing leaves neither an answer nor an error. It also sees
// how batches are sent.
func TestApplyWithoutAnswer(t *testing.T) {
	client := redistest.Start(t).Client()
	hook := &swallowing{}
	client.AddHook(hook)
	store := newStore(t, client, counterredis.Options{})
	wantUnknown(t, "Apply", applyOne(t.Context(), store, "a"))
	for _, result := range store.Apply(t.Context(), manyBatches(2)) {
		wantUnknown(t, "Apply of two", result.Err)
	}
	if hook.commands != 1 || hook.pipelines != 1 {
		t.Errorf("%d commands and %d pipelines were to be sent; want one of each", hook.commands, hook.pipelines)
	}
}

// swallowing is a hook that sends nothing and counts.
type swallowing struct{ commands, pipelines int }

func (s *swallowing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *swallowing) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error {
		s.commands++
		return nil
	}
}

func (s *swallowing) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error {
		s.pipelines++
		return nil
	}
}

func TestApplyBadBatchAfterClose(t *testing.T) {
	store := newStore(t, redistest.Start(t).Client(), counterredis.Options{})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Apply(t.Context(), []counter.Batch{{}})[0].Err; !errors.Is(err, counter.ErrClosed) {
		t.Errorf("Apply: %v; want %v", err, counter.ErrClosed)
	}
}
