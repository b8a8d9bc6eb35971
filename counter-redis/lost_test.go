package counterredis_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// A command without a reply in time may still run, but only once.
func TestNoReplyInTime(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	// Each has a connection that is set up.
	var stores [4]*counterredis.Store
	for i := range stores {
		stores[i] = open(t, server.URL()+"?read_timeout=50ms")
		for connected := false; !connected; {
			connected = stores[i].Ping(t.Context()) == nil
		}
	}
	server.Stop()
	_, addErr := stores[0].Add(t.Context(), "added", 1)
	for call, err := range map[string]error{
		"Add": addErr, "Set": stores[1].Set(t.Context(), "a", 1), "Apply": applyOne(t.Context(), stores[2], "a"),
	} {
		wantUnknown(t, call, err)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v; want it to wrap %v", call, err, os.ErrDeadlineExceeded)
		}
	}
	if _, err := stores[3].Get(t.Context(), "a"); err == nil || errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Get of a stopped server: %v; want an error that is not %v", err, counter.ErrUnknown)
	}
	server.Continue()
	for client.Exists(t.Context(), "added").Val() == 0 {
		time.Sleep(time.Millisecond)
	}
	if got := client.Get(t.Context(), "added").Val(); got != "1" {
		t.Errorf("after Add of 1 the counter is %q; want that it was sent once", got)
	}
}

func TestDeadlineWhileWaiting(t *testing.T) {
	store := open(t, redistest.Start(t).URL())
	_, err := store.Add(overdue{t.Context()}, "a", 1)
	wantUnknown(t, "Add", err)
	_, getErr := store.Get(overdue{t.Context()}, "a")
	for call, err := range map[string]error{"Add": err, "Get": getErr, "Apply": applyOne(overdue{t.Context()}, store, "a")} {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v; want it to wrap %v", call, err, context.DeadlineExceeded)
		}
	}
}

// overdue is a context at the moment when its deadline has passed and its timer
// has not fired yet.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Now(), true }

// A call that ends between its two sends has changed nothing, and says why it has ended.
func TestScriptLostAtTheEnd(t *testing.T) {
	client := redistest.Start(t).Client()
	for name, want := range map[string]error{"context": context.Canceled, "store": counter.ErrClosed} {
		do(t, client, "script", "flush")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		end := cancel
		store := borrow(t, redis.NewClient(client.Options()), after(func() { end() }))
		if name == "store" {
			end = func() { _ = store.Close() }
		}
		if err := applyOne(ctx, store, "a"); !errors.Is(err, want) || errors.Is(err, counter.ErrUnknown) {
			t.Errorf("Apply at the end of the %s: %v; want %v", name, err, want)
		}
		if client.Exists(t.Context(), "a").Val() != 0 {
			t.Errorf("at the end of the %s, it is counted", name)
		}
	}
}
