package counterredis_test

import (
	"errors"
	"testing"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
	"example.com/herokuapp/counter-redis/redistest"
)

// A write that a replica does not have is not acknowledged, and can safely be repeated.
func TestWaitReplicas(t *testing.T) {
	primary := redistest.Start(t)
	replica := primary.Replica(t)
	opts := counterredis.Options{WaitReplicas: 1}
	store := openWith(t, primary.URL()+patient, opts)
	batch := counter.Batch{Name: "a", Writer: "w", Delta: 3, Sum: 3}
	wantApplied(t, store, []counter.Batch{batch}, 3)
	if got := replica.Client().Get(t.Context(), "a").Val(); got != "3" {
		t.Errorf("the replica has %q; want 3", got)
	}

	replica.Stop()
	hasty := openWith(t, primary.URL(), opts)
	batch.Delta, batch.Sum = 1, 4
	refused := counter.Batch{Name: "b", Writer: "w", Delta: 1, Sum: 1}
	do(t, primary.Client(), "rpush", "b", "x")
	for range 2 {
		results := hasty.Apply(t.Context(), []counter.Batch{batch, refused})
		if !errors.Is(results[0].Err, counter.ErrUnknown) || !errors.Is(results[1].Err, counter.ErrType) {
			t.Errorf("with the replica away: %v, %v; want %v, %v", results[0].Err, results[1].Err, counter.ErrUnknown, counter.ErrType)
		}
	}
	if _, err := hasty.Add(t.Context(), "c", 1); !errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Add with the replica away: %v; want %v", err, counter.ErrUnknown)
	}
	if err := hasty.Set(t.Context(), "d", 1); !errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Set with the replica away: %v; want %v", err, counter.ErrUnknown)
	}

	replica.Continue()
	replica.AwaitReplication(t)
	wantApplied(t, store, []counter.Batch{batch}, 4)
	wantAdd(t, store, "a", 5)
}

// WAIT that is not permitted is found out at the start, and proves nothing later.
func TestWaitRefused(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	setUser(t, client, "~*", "+@all", "-wait")
	opts := counterredis.Options{WaitReplicas: 1}
	if _, err := counterredis.Open(t.Context(), withLogin(server, "limited:s3cret"), opts); !errors.Is(err, counterredis.ErrRefused) {
		t.Errorf("Open without WAIT: %v; want %v", err, counterredis.ErrRefused)
	}
	setUser(t, client, "~*", "+@all")
	store := openWith(t, withLogin(server, "limited:s3cret"), opts)
	setUser(t, client, "~*", "+@all", "-wait")
	err := store.Apply(t.Context(), []counter.Batch{{Name: "a", Writer: "w", Delta: 1, Sum: 1}})[0].Err
	if !errors.Is(err, counter.ErrUnknown) {
		t.Errorf("Apply without WAIT: %v; want %v, for it is written", err, counter.ErrUnknown)
	}
	wantGet(t, store, "a", 1)
}
