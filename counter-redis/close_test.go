package counterredis

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestCloseClosesOwnClient(t *testing.T) {
	store, err := Open(t.Context(), "redis://127.0.0.1:1", Options{}) // nobody listens there
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.single.Ping(t.Context()).Err(); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("the client after Close: %v; want %v", err, redis.ErrClosed)
	}
}
