package counterredis_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	counter "example.com/herokuapp/counter-core"
	"example.com/herokuapp/counter-redis/redistest"
)

// What got no reply in time may still happen, and then once.
func TestNoReplyInTime(t *testing.T) {
	server := redistest.Start(t)
	store, client := open(t, server.URL()+"?read_timeout=50ms"), server.Client()
	for connected := false; !connected; {
		connected = store.Ping(t.Context()) == nil
	}
	do(t, client, "config", "resetstat") // of what Open sent
	server.Stop()
	_, addErr := store.Add(t.Context(), "a", 1)
	for call, err := range map[string]error{
		"Add": addErr, "Set": store.Set(t.Context(), "a", 1), "Apply": applyOne(t.Context(), store, "a"),
	} {
		wantUnknown(t, call, err)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v; want it to wrap %v", call, err, os.ErrDeadlineExceeded)
		}
	}
	if _, err := store.Get(t.Context(), "a"); err == nil || errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Get of a stopped server: %v; want an error that is not %v", err, counter.ErrUnknown)
	}
	server.Continue()
	sent := 0
	for sent == 0 {
		sent = calls(t, client, "incrby")
	}
	if sent != 1 {
		t.Errorf("Add was sent %d times; want once", sent)
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
