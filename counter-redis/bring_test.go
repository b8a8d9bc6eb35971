package counterredis_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	counter "example.com/herokuapp/counter-core"
	counterredis "example.com/herokuapp/counter-redis"
)

// What was brought leaves nothing behind, and a source whose record is malformed adds nothing.
func TestBring(t *testing.T) {
	client, store := startStore(t)
	if err := bringError(t, store, `"} old`, 10, hours(today(), 3), days(24, 4)); err != nil {
		t.Fatal(err)
	}
	set(t, store, "a", 0)
	if keys := braced(t, client); len(keys) > 0 {
		t.Errorf("after Set to 0 there are %q", keys)
	}
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

// The process ends at each of the steps in turn, and brings again.
func TestBringDies(t *testing.T) {
	client, store := startStore(t)
	now := today()
	for at := 1; at <= 2; at++ {
		for _, after := range []bool{false, true} {
			do(t, client, "flushall")
			death := &dying{at: at, after: after}
			mortal := borrow(t, redis.NewClient(client.Options()), hook(death.send))
			if err := bringError(t, mortal, "old", 5, hours(now, 2)); err == nil {
				t.Errorf("Bring that dies at %d: nil", at)
			}
			if err := bringError(t, store, "old", 5, hours(now, 2)); err != nil {
				t.Error(err)
			}
			wantGet(t, store, "a", 5)
			wantHistory(t, store, "a", 0, counter.MaxHour, hours(now, 2))
		}
	}
}
